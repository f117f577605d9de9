import { fn } from "handback";
import { systemClock } from "../../../../src/engines/embedded/host/system-clock.ts";
import type { Engines, Way } from "./engines.ts";

/** Enough flows that each task of a cluster handles some of them. */
const FLOWS = 40;

const leaf = fn("test/warm-leaf", (_, n: number) => n);
const flow = fn("test/warm-flow", (ctx, n: number) =>
  ctx.all([ctx.invoke(leaf, n), ctx.race([ctx.sleep(10), ctx.sleep(20)])]),
);

/** Runs some flows, because the first requests of a cluster take seconds. */
export async function warmUp(engines: Engines, way: Way): Promise<void> {
  const engine = engines.make(
    { functions: [flow, leaf], clock: systemClock, seed: 1, egress: {}, retentionMs: 60_000 },
    way,
  );
  const { client } = engine;
  await Promise.all(Array.from({ length: FLOWS }, (_, n) => client.call(flow, n)));
  engine.close();
}
