import { statefun } from "handback/statefun";
import type { Statefun } from "handback/statefun";
import { SeededRandom } from "handback/testing";
import type { EngineUnderTest, MakeOptions, MissingCapability } from "handback/testing";
import type { DeadLetterReport } from "handback";
import { WireCluster } from "./wire-cluster.ts";

const REPLIES = "test/replies";

/** An engine on the wire of a cluster, as the suite sees it. */
export interface WireUnderTest extends EngineUnderTest {
  readonly cluster: WireCluster;
  readonly stored: () => number;
  readonly close: () => Promise<void>;
}

/** Makes engines on clusters that send a share of their requests again. */
export function makeOnWire(lost: number): (options: MakeOptions) => WireUnderTest {
  return ({ functions, clock, seed, egress: sinks, retentionMs }) => {
    const random = new SeededRandom(seed);
    const letters: DeadLetterReport[] = [];
    const open = (hosted: readonly object[]): Statefun =>
      statefun({
        functions: hosted,
        sinks,
        ingress: cluster.ingress,
        egress: cluster.egress(REPLIES),
        onDeadLetter: (letter) => void letters.push(letter),
        retention: retentionMs,
        clock,
        random: () => random.next(),
        parkedFor: 1_000,
      });
    const cluster = new WireCluster({
      handle: () => engine.handle,
      clock,
      random,
      namespaces: ["_sys", "test", "flows", "law"],
      egresses: [REPLIES],
      lost,
    });
    let engine = open(functions);
    return {
      cluster,
      get client() {
        return engine.client;
      },
      stored: () => cluster.stored(),
      deadLetters: () => letters,
      redeploy: (next) => {
        engine.close();
        engine = open(next);
      },
      close: async () => {
        engine.close();
        cluster.stop();
        if (cluster.failure !== undefined) throw cluster.failure;
      },
    };
  };
}

/** The capabilities that a cluster is missing. */
export const WIRE_MISSING: readonly MissingCapability[] = [
  { capability: "blockingGet", reason: "handlers cannot wait while they run" },
  { capability: "snapshotRead", reason: "only functions can read state" },
  { capability: "scopedCancel", reason: "sent messages cannot be canceled" },
  { capability: "undeclaredValues", reason: "requests carry the declared values only" },
  { capability: "flowIndex", reason: "the addresses of a cluster cannot be listed" },
  { capability: "history", reason: "the cluster keeps no log that a client can read" },
  { capability: "storeListing", reason: "the addresses of a cluster cannot be listed" },
  { capability: "pause", reason: "a cluster starts what has arrived, and cannot hold it back" },
  { capability: "streams", reason: "effects leave when the handler ends" },
  { capability: "promptOrder", reason: "order holds per sender and target only" },
];
