/**
 * Work that is canceled together: the work of a flow, of one branch of a race, or of a future that
 * escaped. The scopes of one handler form a tree. Its root is the scope in which the handler runs.
 */
export interface Scope {
  readonly id: string;
  /** Named after a one-way message, which nothing cancels. The message itself has no scope. */
  readonly isImplied?: true;
  readonly parent: Scope | undefined;
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
