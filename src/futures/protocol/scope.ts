/**
 * Work that is canceled together: the work of a flow, of one branch of a race, or of a future that
 * escaped. The scopes of one handler form a tree. Its root is the scope in which the handler runs.
 */
export interface Scope {
  /** Absent for one-way messages, which nothing cancels. */
  readonly id: string | undefined;
  readonly parent: Scope | undefined;
}

/** Begins the names of scopes that belong to no flow. */
const DETACHED = "~";

/**
 * Tells whether work in a scope belongs to no flow: work of one-way messages, and of functions that
 * clean up.
 */
export function isDetached(scope: string | undefined): boolean {
  return scope === undefined || scope.startsWith(DETACHED);
}

/**
 * Names a scope after a message. Canceling a flow cancels all scopes that begin with its number, as
 * the ids of all its messages do. Detached scopes begin with `~` instead.
 */
export function scopeName(id: string, detached: boolean): string {
  return detached ? `${DETACHED}${id}` : id;
}

/** Returns the innermost scope that holds both. They must be of one tree. */
export function commonScope(one: Scope, other: Scope): Scope {
  const above = new Set<Scope>();
  for (let scope: Scope | undefined = one; scope !== undefined; scope = scope.parent)
    above.add(scope);
  for (let scope: Scope | undefined = other; scope !== undefined; scope = scope.parent)
    if (above.has(scope)) return scope;
  return one;
}
