import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";
import type { Activation } from "../../../core/activation/activation.ts";
import { formatAddress } from "../../../core/message/address.ts";
import type { Definition } from "../../../core/activation/definition.ts";
import { show } from "../../../core/errors/show.ts";

/*
 * Rejections of promises that a handler started and did not wait for. Node would end the process,
 * and with it the work of everybody else; here each is said in the log, with the address of its
 * handler, and nothing more comes of it.
 *
 * DR1 Only what a handler started is taken. Of all else Node makes what it would make if nobody
 * listened here.
 * DR2 Node is listened to while an engine is open, and only then.
 * DR3 A handler runs in the asynchronous context in which its engine was opened, whoever called it:
 * a message keeps no context.
 */

/** The activation whose handler started what runs now. */
const starter = new AsyncLocalStorage<Activation>();

let watchers = 0;

/** Gives a definition whose handlers are known as the starters of what they start. */
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

/** Begins to listen; gives what ends it, whose second call does nothing. */
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

/** Lets Node hear of it again, and us not. */
function rethrowToNode(reason: unknown): void {
  if (process.listenerCount("unhandledRejection") > 1) return;
  process.off("unhandledRejection", reportRejection);
  void Promise.reject(reason);
  setImmediate(() => {
    if (watchers > 0) process.on("unhandledRejection", reportRejection);
  });
}

/** Whatever was thrown may throw again when it is read. */
function describeRejection(reason: unknown): string {
  try {
    return reason instanceof Error ? reason.message : show(reason);
  } catch {
    return "an error that throws when it is read";
  }
}
