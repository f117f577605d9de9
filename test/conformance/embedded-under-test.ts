import { embedded } from "handback";
import type { Embedded, Store } from "handback";
import type {
  EngineUnderTest,
  MakeOptions,
} from "../../src/testing/conformance/case/engine-under-test.ts";
import { VirtualClock } from "../../src/testing/simulation/machine/virtual-clock.ts";
import { holding } from "../support/holding.ts";

/** An embedded engine as the suite sees it. */
export interface EmbeddedUnderTest extends EngineUnderTest {
  readonly stored: () => number;
  readonly close: Embedded["close"];
}

/** Makes embedded engines over the stores that `makeStore` makes. */
export function makeEmbedded(
  makeStore: () => Store,
): (options: MakeOptions) => Promise<EmbeddedUnderTest> {
  return async ({ functions, clock, egress, retentionMs }) => {
    const store = clock instanceof VirtualClock ? holding(clock, makeStore()) : makeStore();
    const host = (hosted: readonly object[]): Promise<Embedded> =>
      embedded({ functions: hosted, store, clock, egress, retention: retentionMs, history: true });
    let engine = await host(functions);
    return {
      get client() {
        return engine.client;
      },
      deadLetters: () => engine.deadLetters(),
      stored: () => store.count().state + store.count().watches,
      async redeploy(next) {
        await engine.close();
        engine = await host(next);
      },
      close: () => engine.close(),
    };
  };
}

/** Closes what {@link makeEmbedded} made. */
export const dispose = (engine: EmbeddedUnderTest): Promise<void> => engine.close();
