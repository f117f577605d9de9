import { fn } from "../src/index.ts";
import type { Bench, Figure } from "./figure.ts";
import { expectResult } from "./expect.ts";
import { PAYLOAD } from "./payload.ts";
import { throughput } from "./throughput.ts";
import type { Workload } from "./throughput.ts";

/** Branches of the fan-out that the cost of a leaf is compared to. */
const REFERENCE = 100;

const leaf = fn("bench/leaf", (_, text: string) => text);
const fan = fn("bench/fan", (ctx, leaves: number) =>
  Array.from({ length: leaves }, () => ctx.invoke(leaf, PAYLOAD)),
);

/** Invokes `leaves` functions at once and joins what they give, `flows` times at once. */
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

/** Measures a fan-out; tells also what one leaf costs, against one of a hundred. */
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
