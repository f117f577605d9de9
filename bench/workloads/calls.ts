import { fn, stateful, value } from "../../src/index.ts";
import type { Workload, Bench, Figure } from "../measure/bench.ts";
import { throughput } from "../measure/bench.ts";
import { expectResult, PAYLOAD } from "../measure/load.ts";

const echo = fn("bench/noop", (_, text: string) => text);

/** A function that returns its input: started durably, its result awaited. */
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

/** Counts with one state for each of `keys`, in turn. The function also stores its last input. */
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

const first = fn("bench/first", (_, text: string) => text);
const second = fn("bench/second", (_, text: string) => text);
const third = fn("bench/third", (_, text: string) => text);
const chain = fn("bench/chain", (ctx, text: string) =>
  ctx.invoke(third, ctx.invoke(second, ctx.invoke(first, text))),
);

/**
 * Three separate functions, each with the result of the previous one as its input. With the
 * function that describes them, four activations.
 */
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

/** Branches of the reference fan-out for the cost of a leaf. */
const REFERENCE = 100;

const leaf = fn("bench/leaf", (_, text: string) => text);
const fan = fn("bench/fan", (ctx, leaves: number) =>
  Array.from({ length: leaves }, () => ctx.invoke(leaf, PAYLOAD)),
);

/** Invokes `leaves` functions at once and joins their results, in `flows` flows at once. */
export function fanOutOf(leaves: number, flows: number): Workload {
  const name = `fan${leaves}`;
  return {
    name,
    functions: [fan, leaf],
    callers: flows,
    counts: { one: "leaf", many: "leaves", perCall: leaves },
    async call(client) {
      const handle = await client.start(fan, leaves);
      const results = await handle.result();
      expectResult(name, [results.length, results.at(-1)], [leaves, PAYLOAD]);
    },
  };
}

/** Measures a fan-out, and the cost of one leaf compared to a fan-out of a hundred. */
export function fanOut(leaves: number, flows: number): Bench {
  const bench = throughput(fanOutOf(leaves, flows));
  return { name: bench.name, measure: async (...how) => perLeaf(await bench.measure(...how)) };
}

function perLeaf(figures: readonly Figure[]): readonly Figure[] {
  return figures.flatMap((figure) => {
    if (figure.unit === "bytes/leaf") return [{ ...figure, of: `fan${REFERENCE}-bytes` }];
    if (figure.unit !== "leaves/s") return [figure];
    return [
      figure,
      {
        name: `${figure.name}-cost`,
        value: 1e6 / figure.value,
        unit: "us/leaf",
        of: `fan${REFERENCE}-cost`,
      },
    ];
  });
}
