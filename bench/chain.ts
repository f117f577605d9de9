import { fn } from "../src/index.ts";
import { expectResult } from "./expect.ts";
import { PAYLOAD } from "./payload.ts";
import type { Workload } from "./throughput.ts";

const first = fn("bench/first", (_, text: string) => text);
const second = fn("bench/second", (_, text: string) => text);
const third = fn("bench/third", (_, text: string) => text);
const chain = fn("bench/chain", (ctx, text: string) =>
  ctx.invoke(third, ctx.invoke(second, ctx.invoke(first, text))),
);

/** Three separate functions, each fed by the one before: with the function that describes them, four activations. */
export const chain3: Workload = {
  name: "chain3",
  functions: [chain, first, second, third],
  callers: 256,
  counts: { one: "flow", many: "flows", perCall: 1 },
  weight: 4,
  async call(client) {
    const handle = await client.start(chain, PAYLOAD);
    expectResult("chain3", await handle.result(), PAYLOAD);
  },
};
