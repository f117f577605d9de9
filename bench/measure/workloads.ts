import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { fn, stateful, value } from "../../src/index.ts";
import type { Fn } from "../../src/index.ts";
import type { Workload, Bench, Figure } from "./bench.ts";
import { throughput } from "./bench.ts";
import { expectResult, PAYLOAD } from "./load.ts";

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

/** Tokens per write. */
const CHUNK = 1_000;

/** Writes tokens to a file, one a line, so that memory holds only the last few. */
export class TokenFile {
  readonly #file: number;
  #lines = "";
  #count = 0;

  constructor(path: string) {
    this.#file = openSync(path, "w");
  }

  add(token: string): void {
    this.#lines += `${token}\n`;
    if (++this.#count % CHUNK === 0) this.#flush();
  }

  close(): void {
    this.#flush();
    closeSync(this.#file);
  }

  #flush(): void {
    writeSync(this.#file, this.#lines);
    this.#lines = "";
  }
}

/** Reads the tokens of a file, one text at a time. */
export function* readTokens(path: string): Generator<string, undefined> {
  const lines = readFileSync(path, "latin1");
  for (
    let start = 0, end = lines.indexOf("\n");
    end >= 0;
    start = end + 1, end = lines.indexOf("\n", start)
  )
    yield lines.slice(start, end);
}

/** The answer of a person. */
export const ANSWER = "approved";

/** Digits of a flow's id. */
const FLOW_DIGITS = 16;

/** A function that hands back a promise for a person, and passes on its token. */
export function waiting(tell: (token: string) => void): Fn<string, string> {
  return fn("bench/waiting", (ctx, _: string) => {
    const answer = ctx.promise<string>();
    tell(answer.token);
    return answer;
  });
}

/** Returns the id of the flow that made a token: the number at the start of all ids of the flow. */
export function flowOf(token: string): string {
  return token.slice(0, FLOW_DIGITS);
}

/**
 * A function that sleeps until an instant, in ms since the epoch, and reports when it has requested
 * that.
 */
export function sleeper(tell: () => void): Fn<number, void> {
  return fn("bench/sleeper", (ctx, until: number) => {
    tell();
    return ctx.sleepUntil(until);
  });
}
