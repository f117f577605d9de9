import { setTimeout } from "node:timers/promises";
import { fn } from "../../src/index.ts";
import type { Future } from "../../src/index.ts";
import { recordEffect } from "../client/ledger-writer.ts";
import { valueOf } from "../history/history.ts";
import { diceOf } from "../plan/operation.ts";
import type { Operation } from "../plan/operation.ts";
import { operationLog, pageOf } from "./operation-log.ts";
import type { Kind } from "./kind.ts";

const MOST_LEAVES = 24;
const SLOW_LEAF_MS = 12;

const fanOut = fn("battery/fan-out", (ctx, { op, leaves }: FanOut): Future<number> => {
  const futures = Array.from({ length: leaves }, (_, index) => ctx.invoke(leaf, { op, index }));
  return ctx.invoke(sum, { op, parts: futures });
});

/** Sometimes works for a while, so that some are running when the process dies. */
const leaf = fn(
  "battery/leaf",
  async (ctx, { op, index }: { op: number; index: number }): Promise<Future<string>> => {
    if ((op + index) % 5 === 0) await setTimeout(SLOW_LEAF_MS);
    recordEffect(ctx, { op, part: `seen ${index}`, value: index });
    return ctx.invoke(operationLog.note, { op, part: leafOf(index) }, { id: pageOf(op) });
  },
);

const sum = fn(
  "battery/sum",
  (_, { parts }: { op: number; parts: readonly string[] }): number => new Set(parts).size,
);

interface FanOut {
  readonly op: number;
  readonly leaves: number;
}

/** Fan-outs: each leaf's effect counts once, and the join sees every leaf. */
export const fanOuts: Kind = {
  name: "fan-out",
  functions: [fanOut, leaf, sum],
  async perform(operation, recorder) {
    const handle = await recorder.begin(operation, () =>
      recorder.client.start(fanOut, fanOutOf(operation), { id: operation.key }),
    );
    if (handle !== undefined) await recorder.finish(operation, handle);
  },
  booked: ({ operation }) => ({
    certain: Array.from({ length: fanOutOf(operation).leaves }, (_, index) => leafOf(index)),
  }),
  *check(flows) {
    for (const flow of flows.filter(({ standing }) => standing?.status === "completed")) {
      const { leaves } = fanOutOf(flow.operation);
      const joined = valueOf(flow);
      if (joined !== leaves)
        yield {
          what: "wrong",
          operation: flow.operation.key,
          said: `joined ${JSON.stringify(joined)} of ${leaves} leaves`,
        };
    }
  },
};

/** Returns the number of leaves of an operation. */
export function fanOutOf(operation: Operation): FanOut {
  return { op: operation.number, leaves: 1 + diceOf(operation).below(MOST_LEAVES) };
}

function leafOf(index: number): string {
  return `leaf ${index}`;
}
