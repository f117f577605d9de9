/**
 * What is cancelled as one: the work of a flow, of one branch of a race, or of a future that escaped. Scopes of one handler
 * form a tree, whose root is the scope in which the handler runs.
 */
export interface Scope {
  /** Absent below one-way messages, which nothing cancels. */
  readonly id: string | undefined;
  readonly parent: Scope | undefined;
}

/** Begins the names of scopes that belong to no flow. */
const DETACHED = "~";

/** Whether what is made in a scope belongs to no flow: below one-way messages, and below what cleans up. */
export function isDetached(scope: string | undefined): boolean {
  return scope === undefined || scope.startsWith(DETACHED);
}

/** Names a scope after a message. A flow is cancelled by its number, with which the ids of all its messages begin; what is detached is not. */
export function scopeName(id: string, detached: boolean): string {
  return detached ? `${DETACHED}${id}` : id;
}

/** The innermost scope that holds both. They must be of one tree. */
export function commonScope(one: Scope, other: Scope): Scope {
  const above = new Set<Scope>();
  for (let scope: Scope | undefined = one; scope !== undefined; scope = scope.parent)
    above.add(scope);
  for (let scope: Scope | undefined = other; scope !== undefined; scope = scope.parent)
    if (above.has(scope)) return scope;
  return one;
}
