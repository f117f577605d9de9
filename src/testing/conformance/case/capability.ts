import type { Capability } from "../../../core/engine/engine.ts";

/**
 * A capability that an engine may be missing: `core` makes it optional, or only some platforms let
 * a test observe it.
 */
export type TestedCapability =
  | Capability
  | "egress"
  | "deadLetters"
  | "promptOrder"
  | "storedValues"
  | "redeploy"
  | "virtualTime";

/** The meaning of each capability. An engine offers all that it does not list as missing. */
export const TESTED_CAPABILITIES: Readonly<Record<TestedCapability, string>> = {
  blockingGet: "a handler may wait for a future while it runs",
  snapshotRead: "state can be read from outside, without a message",
  scopedCancel: "pending work of a cancelled scope is dropped at once",
  undeclaredValues: "a function reads stored values that it no longer declares",
  flowIndex: "flows can be listed and counted",
  history: "what happened to flows can be read and followed",
  pause: "the handlers of a flow or function can be held back by a client",
  storeListing: "states and dead letters can be listed by a client",
  streams: "values of ctx.emit can be read while their handler runs",
  egress: "values of ctx.egress reach the sinks that the suite provides",
  deadLetters: "failed messages are kept and can be listed",
  promptOrder: "messages of a handler arrive before those of its consequences",
  storedValues: "stored values can be counted",
  redeploy: "functions can be replaced while work is stored",
  virtualTime: "time comes from the clock that the suite provides",
};
