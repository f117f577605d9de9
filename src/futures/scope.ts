/**
 * What is cancelled as one: the work of a flow, of one branch of a race, or of a future that escaped. Scopes of one handler
 * form a tree, whose root is the scope in which the handler runs.
 */
export interface Scope {
  /** Absent below one-way messages, which nothing cancels. */
  readonly id: string | undefined;
  readonly parent: Scope | undefined;
}

/** The innermost scope that holds both. They must be of one tree. */
export function commonScope(one: Scope, other: Scope): Scope {
  const above = new Set<Scope>();
  for (let scope: Scope | undefined = one; scope !== undefined; scope = scope.parent) above.add(scope);
  for (let scope: Scope | undefined = other; scope !== undefined; scope = scope.parent) if (above.has(scope)) return scope;
  return one;
}
