import type {
  EngineUnderTest,
  MakeOptions,
} from "../../src/testing/conformance/case/engine-under-test.ts";
import type { Lack } from "../../src/testing/conformance/test-engine.ts";
import { poorest } from "../engines/poorest/poorest.ts";

/** A poorest engine as the suite sees it. */
export interface PoorestUnderTest extends EngineUnderTest {
  readonly stored: () => number;
  readonly close: () => Promise<void>;
}

/** Makes poorest engines that lose a share of their responses. */
export function makePoorest(
  lost: number,
): (options: Omit<MakeOptions, "egress">) => PoorestUnderTest {
  return ({ functions, clock, seed, retentionMs }) => {
    const { engine, client } = poorest({ functions, clock, seed, lost, retentionMs });
    return { client, stored: () => engine.stored(), close: async () => engine.close() };
  };
}

/** What a poorest engine lacks. */
export const POOREST_LACKS: readonly Lack[] = [
  { capability: "blockingGet", reason: "handlers cannot wait while they run" },
  { capability: "snapshotRead", reason: "state is read by functions only" },
  { capability: "scopedCancel", reason: "what was sent cannot be withdrawn" },
  { capability: "egress", reason: "sinks are the platform's" },
  { capability: "deadLetters", reason: "the platform keeps none" },
  {
    capability: "promptOrder",
    reason: "what one handler has sent may arrive after what its consequences send",
  },
];
