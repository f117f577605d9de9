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
  | "virtualTime";

/** The meaning of each capability. An engine offers all that it does not list as missing. */
export const TESTED_CAPABILITIES: Readonly<Record<TestedCapability, string>> = {
  blockingGet: "a handler may wait for a future while it runs",
  snapshotRead: "state is read from outside, without a message",
  scopedCancel: "what is parked for cancelled work is gone at once",
  egress: "values go to the sinks that the suite gives",
  deadLetters: "messages that failed are kept, and shown",
  promptOrder: "what a handler has sent is there before what its consequences send",
  storedValues: "the number of values that are stored can be told",
  virtualTime: "time comes from the clock that the suite gives",
};
