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

/** Returns the prefixes of the names of all scopes of an origin. */
export function scopesOfOrigin(origin: string): readonly string[] {
  return [origin, scopeName(origin, true)];
}
