import { describe, expect, test } from "vitest";
import { allCases } from "./cases/all-cases.ts";
import { FEATURES } from "./host.ts";
import type { EngineUnderTest, Feature, Host, HostOptions } from "./host.ts";

/** Starts the engine under test with these functions. What is started is closed when the case ends. */
export type Start = (functions: readonly object[], options?: HostOptions) => Promise<Host>;

/** One behaviour, the same on every engine. */
export interface Case {
  /** A sentence about it. */
  readonly title: string;
  readonly needs?: readonly Feature[];
  readonly run: (start: Start) => Promise<void>;
}

/** Runs every case that applies to the engine, under each of its seeds, and says which do not apply, and why. */
export function conformance(engine: EngineUnderTest): void {
  describe(`on ${engine.name}`, () => {
    const lacks = ({ needs = [] }: Case): Feature | undefined => needs.find((feature) => !engine.features.has(feature));
    test.for(allCases.filter((each) => lacks(each) === undefined))("$title", { timeout: 60_000 }, (each) => assertHolds(engine, each));

    const lacking = [...new Set(allCases.map(lacks))].flatMap((feature) =>
      feature === undefined ? [] : [{ feature, why: FEATURES[feature] }],
    );
    test.for(lacking)("some cases do not apply: it does not offer $feature ($why)", ({ feature }) => {
      expect(engine.features).not.toContain(feature);
    });
  });
}

async function assertHolds(engine: EngineUnderTest, { run }: Case): Promise<void> {
  for (let seed = 1; seed <= engine.seeds; seed++) {
    const hosts: Host[] = [];
    const start: Start = async (functions, options = {}) => {
      const host = await engine.start(functions, options, seed);
      hosts.push(host);
      return host;
    };
    try {
      await run(start);
    } catch (error) {
      if (error instanceof Error && engine.seeds > 1) error.message = `under seed ${seed}: ${error.message}`;
      throw error;
    } finally {
      for (const host of hosts) await host.close();
    }
  }
}
