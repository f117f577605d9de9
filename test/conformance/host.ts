import type { Client, Embedded, Sink, Store } from "handback";
import { embedded, memory, sqlite } from "handback";
import { join } from "node:path";
import { poorest } from "../engines/poorest/poorest.ts";
import { temporaryDirectory } from "../engines/temporary-directory.ts";
import { driven } from "../support/driven.ts";
import { VirtualClock } from "../support/virtual-clock.ts";

/** What an engine may offer beside core. A case names what it needs; where that is not offered, the case does not apply. */
export type Feature = "blockingGet" | "snapshotRead" | "egress" | "deadLetters" | "promptOrder";

/** Why an engine without the feature cannot run a case that needs it. */
export const FEATURES: Readonly<Record<Feature, string>> = {
  blockingGet: "handlers cannot wait while they run",
  snapshotRead: "state is read by functions only",
  egress: "sinks are the platform's",
  deadLetters: "the platform keeps none",
  promptOrder: "what one handler has sent may arrive after what its consequences send",
};

/** How a case wants its engine. */
export interface HostOptions {
  readonly egress?: Readonly<Record<string, Sink>>;
  /** How long what has settled is kept, in ms; default 7 days. */
  readonly retentionMs?: number;
}

/** A running engine. Its client's promises are driven: time passes while one of them is awaited. */
export interface Host {
  readonly client: Client;
  readonly clock: VirtualClock;
  readonly deadLetters: Embedded["deadLetters"];
  /** How many persisted values there are. */
  readonly stored: () => number;
  close(): Promise<void>;
}

/** An engine that the suite is run on. */
export interface EngineUnderTest {
  readonly name: string;
  readonly features: ReadonlySet<Feature>;
  /** Runs of every case; each starts with a seed of its own, from 1. */
  readonly seeds: number;
  start(functions: readonly object[], options: HostOptions, seed: number): Promise<Host>;
}

/** The embedded engine, over the stores that `makeStore` makes. */
function onStore(name: string, makeStore: () => Store): EngineUnderTest {
  return {
    name,
    features: new Set(["blockingGet", "snapshotRead", "egress", "deadLetters", "promptOrder"]),
    seeds: 1,
    async start(functions, { egress = {}, retentionMs = 7 * 86_400_000 }) {
      const clock = new VirtualClock();
      const store = makeStore();
      const engine = await embedded({ functions, store, clock, egress, retention: retentionMs });
      return {
        clock,
        client: driven(engine.client, clock),
        deadLetters: (limit) => engine.deadLetters(limit),
        stored: () => store.count().state,
        close: () => clock.until(engine.close()),
      };
    },
  };
}

export const onMemory = onStore("the embedded engine in memory", memory);

export const onSqlite = onStore("the embedded engine on SQLite", () =>
  sqlite(join(temporaryDirectory(), "conformance.db"), { synchronous: "normal" }),
);

/** The poorest engine, with a share of its responses lost. */
export function onPoorestLosing(lost: number): EngineUnderTest {
  return {
    name: "the poorest engine",
    features: new Set(),
    seeds: 4,
    async start(functions, options, seed) {
      const clock = new VirtualClock();
      const { engine, client } = poorest({ functions, clock, seed, lost, ...options });
      return {
        clock,
        client: driven(client, clock),
        deadLetters: () => {
          throw new Error("the poorest engine keeps no dead letters");
        },
        stored: () => engine.stored(),
        close: async () => engine.close(),
      };
    },
  };
}

export const onPoorest = onPoorestLosing(0.2);
