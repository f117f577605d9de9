import { stateful, value } from "../src/index.ts";
import { PAYLOAD } from "./payload.ts";
import type { Workload } from "./throughput.ts";

const counter = stateful("bench/counter", {
  state: { tally: value({ count: 0, last: "" }) },
  handlers: {
    add(ctx, text: string) {
      ctx.state.tally.count++;
      ctx.state.tally.last = text;
      return ctx.state.tally.count;
    },
  },
});

/** Counts with one state for each of `keys`, taken in turn, by a function that also keeps what it was given last. */
export function counterOf(keys: number): Workload {
  const name = keys === 1 ? "counter-hot" : "counter";
  return {
    name,
    functions: [counter],
    callers: 256,
    counts: { one: "op", many: "ops", perCall: 1 },
    async call(client, n) {
      const handle = await client.start(counter.add, PAYLOAD, { id: `key-${n % keys}` });
      const count = await handle.result();
      if (count < 1) throw new Error(`${name}: expected a count from 1, got ${count}`);
    },
  };
}
