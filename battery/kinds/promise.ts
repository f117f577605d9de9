import { setTimeout } from "node:timers/promises";
import { fn, HandbackError } from "../../src/index.ts";
import type { Future } from "../../src/index.ts";
import { triesOf, valueOf } from "../history/history.ts";
import type { Flow } from "../history/history.ts";
import type { Violation } from "../history/verdict.ts";
import { diceOf } from "../plan/operation.ts";
import { operationLog, pageOf } from "./operation-log.ts";
import type { Kind } from "./kind.ts";

const DECIDED = "decided";
const LONGEST_PAUSE_MS = 400;

const ask = fn("battery/ask", (ctx, op: number): Future<string> => {
  const decision = ctx.promise<string>();
  ctx.setStatus({ token: decision.token });
  return ctx.onComplete(decision, decided, op);
});
const decided = fn(
  "battery/decided",
  (ctx, { result, args: op }: { result: string; args: number }): Future<string> =>
    ctx.invoke(agree, {
      noted: ctx.invoke(operationLog.note, { op, part: DECIDED }, { id: pageOf(op) }),
      result,
    }),
);
const agree = fn(
  "battery/agree",
  (_, { result }: { noted: string; result: string }): string => result,
);

/**
 * Promises settled from outside: the flow sees the value with the acknowledged settlement, and no
 * other settlement is acknowledged.
 */
export const promises: Kind = {
  name: "promise",
  functions: [ask, decided, agree],
  async perform(operation, recorder) {
    const dice = diceOf(operation);
    const handle = await recorder.begin(operation, () =>
      recorder.client.start(ask, operation.number, { id: operation.key }),
    );
    if (handle === undefined) return;
    const standing = await recorder.until(handle, ({ custom }) => custom !== undefined);
    if (standing?.status === "pending") {
      if (dice.chance(0.5)) await setTimeout(dice.below(LONGEST_PAUSE_MS));
      const { token } = standing.custom as { readonly token: string };
      // Each process has its own decision. Sometimes it sends it twice at once, like an unsure
      // client.
      const value = `decision ${recorder.life}`;
      const settle = (): Promise<void> =>
        recorder
          .request(operation, "settle", () => recorder.client.settle(token, value), { value })
          .catch(orIfOver);
      await Promise.all(dice.chance(0.2) ? [settle(), settle()] : [settle()]);
    }
    await recorder.finish(operation, handle);
  },
  booked: () => ({ certain: [DECIDED] }),
  *check(flows) {
    for (const flow of flows) yield* checkDecision(flow);
  },
};

function* checkDecision(flow: Flow): Iterable<Violation> {
  const operation = flow.operation.key;
  const tries = triesOf(flow, "settle");
  const acknowledged = new Set(
    tries.filter(({ answer }) => answer?.ok === true).map(({ value }) => value),
  );
  if (acknowledged.size > 1)
    yield {
      what: "duplicated",
      operation,
      said: `settled ${acknowledged.size} times, with different values`,
    };
  if (flow.standing?.status !== "completed") return;
  const seen = valueOf(flow);
  for (const value of acknowledged) {
    if (value !== seen)
      yield {
        what: "lost",
        operation,
        said: `${JSON.stringify(value)} was acknowledged, and the flow saw ${JSON.stringify(seen)}`,
      };
  }
  if (!tries.some(({ value, answer }) => value === seen && answer?.ok !== false)) {
    yield {
      what: "wrong",
      operation,
      said: `the flow saw ${JSON.stringify(seen)}, which was never sent`,
    };
  }
}

/** It may have been decided, and have ended, before this process. */
function orIfOver(error: unknown): void {
  if (!HandbackError.is(error, "ALREADY_COMPLETED", "NOT_FOUND")) throw error;
}
