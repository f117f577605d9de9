import type { Activation } from "../../core/activation/activation.ts";

/** Names a guard: the scope that it watches, and which of the address's guards it is. */
export type CancellationWatch = readonly [scope: string, token: string];

/**
 * Has this address, which keeps something parked in its state, told when `scope` is cancelled, and names the guard that sees to it;
 * {@link unwatchCancellation} takes it away when nothing is parked any more.
 *
 * Engines that cannot withdraw messages give none; there the boundary of the scope drops what comes later.
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

/** Takes a guard away. */
export function unwatchCancellation(
  activation: Activation,
  guard: CancellationWatch | undefined,
): void {
  if (guard !== undefined) activation.unwatch(...guard);
}
