import type {
  EngineUnderTest,
  MakeOptions,
} from "../../src/testing/conformance/case/engine-under-test.ts";
import type { MissingCapability } from "../../src/testing/conformance/test-engine.ts";
import { poorest } from "../engines/poorest/poorest.ts";

/** The poorest engine as the suite sees it. */
export interface PoorestUnderTest extends EngineUnderTest {
  readonly stored: () => number;
  readonly close: () => Promise<void>;
}

/** Makes poorest engines that lose a share of their responses. */
export function makePoorest(
  lost: number,
): (options: Omit<MakeOptions, "egress">) => PoorestUnderTest {
  return ({ functions, clock, seed, retentionMs }) => {
    const { engine, client, redeploy } = poorest({ functions, clock, seed, lost, retentionMs });
    return {
      client,
      stored: () => engine.stored(),
      redeploy,
      close: async () => engine.close(),
    };
  };
}

/** The capabilities that the poorest engine is missing. */
export const POOREST_MISSING: readonly MissingCapability[] = [
  { capability: "blockingGet", reason: "handlers cannot wait while they run" },
  { capability: "snapshotRead", reason: "only functions can read state" },
  { capability: "scopedCancel", reason: "sent messages cannot be canceled" },
  { capability: "undeclaredValues", reason: "requests carry the declared values only" },
  { capability: "flowIndex", reason: "the addresses of a cluster cannot be listed" },
  { capability: "history", reason: "the cluster keeps no log that a client can read" },
  { capability: "storeListing", reason: "the addresses of a cluster cannot be listed" },
  { capability: "pause", reason: "a cluster starts what has arrived, and cannot hold it back" },
  { capability: "streams", reason: "effects leave when the handler ends" },
  { capability: "egress", reason: "the platform has its own sinks" },
  { capability: "deadLetters", reason: "the platform keeps no failed messages" },
  {
    capability: "promptOrder",
    reason: "a handler's messages may arrive after those of its consequences",
  },
];
