import { fn } from "../../src/index.ts";
import type { Future } from "../../src/index.ts";
import { valueOf } from "../history/history.ts";
import { operationLog, pageOf } from "./operation-log.ts";
import type { Kind } from "./kind.ts";

const DONE = "done";
const NEVER = "never";
const ATTEMPTS = 3;

const retry = { maxAttempts: ATTEMPTS, initialDelay: 15, factor: 2 };
const stumble = fn("battery/stumble", { retry }, (ctx, op: number): Future<number> => {
  const done = ctx.invoke(
    operationLog.note,
    { op, part: ctx.attempt < ATTEMPTS ? NEVER : DONE },
    { id: pageOf(op) },
  );
  if (ctx.attempt < ATTEMPTS) throw new Error("as planned");
  return ctx.invoke(countAttempts, { done, attempts: ctx.attempt });
});
const countAttempts = fn(
  "battery/count-attempts",
  (_, { attempts }: { done: string; attempts: number }): number => attempts,
);

/**
 * Handlers that throw and are retried: the effects of failed attempts are undone, and the last
 * attempt counts once.
 */
export const retriedHandlers: Kind = {
  name: "retried",
  functions: [stumble, countAttempts],
  async perform(operation, recorder) {
    const handle = await recorder.begin(operation, () =>
      recorder.client.start(stumble, operation.number, { id: operation.key }),
    );
    if (handle !== undefined) await recorder.finish(operation, handle);
  },
  booked: () => ({ certain: [DONE] }),
  *check(flows) {
    for (const flow of flows.filter(({ standing }) => standing?.status === "completed")) {
      const attempts = valueOf(flow);
      if (attempts !== ATTEMPTS)
        yield {
          what: "wrong",
          operation: flow.operation.key,
          said: `took ${JSON.stringify(attempts)} attempts`,
        };
    }
  },
};
