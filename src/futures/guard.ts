import type { Activation } from "../core/activation.ts";
import { childId } from "../core/message-id.ts";
import { tellAt } from "./system.ts";

/** Later than every instant. */
const NEVER = 8.64e15;

/** Name of the message that is a guard. */
export const GUARD = "guard";

/**
 * Has this address, which keeps something parked in its state, told when `scope` is cancelled: by a message that is never due, and is
 * withdrawn with the scope. Its token cancels it (`activation.cancelSend`) when nothing is parked any more.
 *
 * Engines that cannot withdraw messages get none; there the boundary of the scope drops what comes later.
 */
export function guard(activation: Activation, scope: string | undefined, token: string): boolean {
  if (scope === undefined || !activation.environment.scopedCancel) return false;
  const { address, envelope } = activation;
  const id = childId(envelope.id, 0, `${address.type}/${address.id}/${token}`);
  tellAt(activation, { target: address, name: GUARD, control: { token } }, { id, dueAt: NEVER, token, scope });
  return true;
}
