import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";
import type { Activation } from "../../../core/activation/activation.ts";
import { formatAddress } from "../../../core/message/address.ts";
import type { Definition } from "../../../core/activation/definition.ts";
import { show } from "../../../core/errors/show.ts";

/*
 * Rejections of promises that a handler started and did not await. Node would end the process, and
 * with it all other work. Instead, each is logged with the address of its handler, and the process
 * continues.
 *
 * DR1 Only rejections that a handler caused are caught. Node treats all others as if this listener
 *     did not exist.
 * DR2 The listener is installed while an engine is open, and only then.
 * DR3 A handler runs in the asynchronous context in which its engine was opened, whatever code
 *     called it: a message carries no context.
 */

/** The activation whose handler started the code that runs now. */
const starter = new AsyncLocalStorage<Activation>();

let watchers = 0;

/** Returns the definition with its handlers marked as the cause of all code that they start. */
export function attributeRejections(definition: Definition): Definition {
  const context = new AsyncResource("handback.function");
  const receive = (activation: Activation): void | Promise<void> => {
    starter.enterWith(activation);
    return definition.receive(activation);
  };
  return {
    ...definition,
    receive: (activation) => context.runInAsyncScope(receive, undefined, activation),
  };
}

/**
 * Installs the listener and returns a function that removes it. A second call of that function does
 * nothing.
 */
export function watchUnhandledRejections(): () => void {
  if (watchers++ === 0) process.on("unhandledRejection", reportRejection);
  let watching = true;
  return () => {
    if (watching && --watchers === 0) process.off("unhandledRejection", reportRejection);
    watching = false;
  };
}

function reportRejection(reason: unknown): void {
  const activation = starter.getStore();
  if (activation === undefined) return rethrowToNode(reason);
  const address = formatAddress(activation.address);
  activation.environment.log.error(
    `a promise that a handler of ${address} did not wait for was rejected: ${describeRejection(reason)}`,
    {
      address,
    },
  );
}

/** Rejects again without this listener, so that Node reports the rejection. */
function rethrowToNode(reason: unknown): void {
  if (process.listenerCount("unhandledRejection") > 1) return;
  process.off("unhandledRejection", reportRejection);
  void Promise.reject(reason);
  setImmediate(() => {
    if (watchers > 0) process.on("unhandledRejection", reportRejection);
  });
}

/** Describes a rejection. Reading a thrown value may itself throw. */
function describeRejection(reason: unknown): string {
  try {
    return reason instanceof Error ? reason.message : show(reason);
  } catch {
    return "an error that throws when it is read";
  }
}
