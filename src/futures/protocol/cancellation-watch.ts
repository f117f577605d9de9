import type { Activation } from "../../core/activation/activation.ts";

/** Names a watch: the scope, and the token that tells the watches of one address apart. */
export type CancellationWatch = readonly [scope: string, token: string];

/**
 * Watches a scope, so that this address gets a message when the scope is canceled. Use it while the
 * address keeps work of that scope in its state, and {@link unwatchCancellation} afterwards.
 *
 * Engines without `scopedCancel` return no watch. There, the boundary of the scope drops late
 * results.
 */
export function watchCancellation(
  activation: Activation,
  scope: string | undefined,
  token: string,
): CancellationWatch | undefined {
  if (scope === undefined || !activation.environment.scopedCancel) return undefined;
  activation.watch(scope, token);
  return [scope, token];
}

/**
 * Closes a scope whose boundary has settled: work that is left in it is canceled with the scope
 * around it. Canceling a flow reaches all of its scopes by their names.
 */
export function closeScope(
  activation: Activation,
  scope: string,
  parent: string | undefined,
): void {
  if (parent === undefined || !activation.environment.scopedCancel) return;
  if (!scope.startsWith(parent)) activation.closeScope(scope, parent);
}

/** Ends a watch. */
export function unwatchCancellation(
  activation: Activation,
  watch: CancellationWatch | undefined,
): void {
  if (watch !== undefined) activation.unwatch(...watch);
}
