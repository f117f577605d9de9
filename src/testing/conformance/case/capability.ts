import type { Capability } from "../../../core/engine/engine.ts";

/** What an engine under test may lack: what core leaves open, and what only some platforms let a test see. */
export type TestedCapability =
  | Capability
  | "egress"
  | "deadLetters"
  | "promptOrder"
  | "storedValues"
  | "virtualTime";

/** What each capability means. An engine offers it, unless it says that it cannot. */
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
