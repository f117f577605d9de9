import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";
import type { Activation } from "../../../core/activation/activation.ts";
import type { Definition } from "../../../core/activation/definition.ts";

/*
 * CH1 A handler runs in the asynchronous context in which its engine was opened, whatever code
 *     called it: a message carries no context.
 */

/** The activation whose handler started the code that runs now. */
const current = new AsyncLocalStorage<Activation>();

/** Returns the activation whose handler started the code that runs now, even if it has ended. */
export function currentActivation(): Activation | undefined {
  return current.getStore();
}

/** Returns the definition with its handlers marked as the cause of all code that they start. */
export function trackActivations(definition: Definition): Definition {
  const context = new AsyncResource("handback.function");
  const receive = (activation: Activation): void | Promise<void> => {
    current.enterWith(activation);
    return definition.receive(activation);
  };
  return {
    ...definition,
    receive: (activation) => context.runInAsyncScope(receive, undefined, activation),
  };
}
