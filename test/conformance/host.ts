import { memory, sqlite } from "handback";
import { join } from "node:path";
import { driven } from "../../src/testing/conformance/driven.ts";
import { TESTED_CAPABILITIES } from "../../src/testing/conformance/case/capability.ts";
import type { TestedCapability } from "../../src/testing/conformance/case/capability.ts";
import type {
  EngineUnderTest as Engine,
  MakeOptions,
} from "../../src/testing/conformance/case/engine-under-test.ts";
import type { MissingCapability } from "../../src/testing/conformance/test-engine.ts";
import { VirtualClock } from "../../src/testing/simulation/machine/virtual-clock.ts";
import { temporaryDirectory } from "../stores/support/temporary-directory.ts";
import { makeOnWire, WIRE_MISSING } from "../engines/statefun/cluster/wire-under-test.ts";
import { makeEmbedded } from "./embedded-under-test.ts";
import { makePoorest, POOREST_MISSING } from "./poorest-under-test.ts";

/** A running engine with its own clock. Awaiting a promise of its client lets time pass. */
export interface Host {
  readonly client: Engine["client"];
  readonly clock: VirtualClock;
  /** Number of stored values and, on an engine that can cancel, of watches of scopes. */
  readonly stored: () => number;
  close(): Promise<void>;
}

/** An engine that runs programs. */
export interface EngineUnderTest {
  readonly name: string;
  readonly features: ReadonlySet<TestedCapability>;
  start(
    functions: readonly object[],
    options: { readonly retentionMs?: number },
    seed: number,
  ): Promise<Host>;
}

type Made = Engine & Pick<Host, "stored" | "close">;
type Make = (options: MakeOptions) => Made | Promise<Made>;

function on(name: string, make: Make, lacks: readonly MissingCapability[] = []): EngineUnderTest {
  const features = new Set(Object.keys(TESTED_CAPABILITIES) as TestedCapability[]);
  for (const { capability } of lacks) features.delete(capability);
  return {
    name,
    features,
    async start(functions, { retentionMs = 7 * 86_400_000 }, seed) {
      const clock = new VirtualClock();
      const engine = await make({ functions, clock, seed, egress: {}, retentionMs });
      return {
        clock,
        client: driven(engine.client, clock),
        stored: engine.stored,
        close: () => clock.until(engine.close()),
      };
    },
  };
}

export const onMemory = on("the embedded engine in memory", makeEmbedded(memory));

const makeSqlite = makeEmbedded(() =>
  sqlite(join(temporaryDirectory(), "host.db"), { durability: "relaxed" }),
);
export const onSqlite = on("the embedded engine in SQLite", makeSqlite);

/** An engine on the wire of a Stateful Functions cluster that sends a share of requests again. */
export const onWireRepeating = (lost: number): EngineUnderTest =>
  on("the wire of Stateful Functions", makeOnWire(lost), WIRE_MISSING);

/** The poorest engine, with a share of its responses lost. */
export const onPoorestLosing = (lost: number): EngineUnderTest =>
  on("the poorest engine", makePoorest(lost), POOREST_MISSING);
