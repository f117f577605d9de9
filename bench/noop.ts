import { fn } from "../src/index.ts";
import { expectResult } from "./expect.ts";
import { PAYLOAD } from "./payload.ts";
import type { Workload } from "./throughput.ts";

const echo = fn("bench/noop", (_, text: string) => text);

/** A function that gives back what it got: started durably, its result awaited. */
export const noop: Workload = {
  name: "noop",
  functions: [echo],
  callers: 256,
  counts: { one: "op", many: "ops", perCall: 1 },
  async call(client) {
    const handle = await client.start(echo, PAYLOAD);
    expectResult("noop", await handle.result(), PAYLOAD);
  },
};
