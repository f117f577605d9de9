import type { Activation } from "../core/activation.ts";
import { childId } from "../core/message-id.ts";
import { tellAt } from "./system.ts";

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
