import { fn } from "../../src/index.ts";
import type { Future, Settlement } from "../../src/index.ts";
import { triesOf } from "../history/history.ts";
import type { Flow } from "../history/history.ts";
import { diceOf } from "../plan/operation.ts";
import { operationLog, pageOf } from "./operation-log.ts";
import type { Kind } from "./kind.ts";

const CLEANED_UP = "cleaned up";
const NEVER = "never";

const park = fn("battery/park", (ctx, op: number): Future<unknown> => {
  ctx.setStatus("parked");
  const never = ctx.onComplete(ctx.sleep("1h"), tooLate, op);
  return ctx.race([never, ctx.onSettled(ctx.promise(), cleanUp, op)]);
});
const tooLate = fn(
  "battery/too-late",
  (ctx, { args: op }: { result: void; args: number }): Future<string> =>
    ctx.invoke(operationLog.note, { op, part: NEVER }, { id: pageOf(op) }),
);
const cleanUp = fn(
  "battery/clean-up",
  (ctx, { args: op }: { result: Settlement<unknown>; args: number }): Future<string> =>
    ctx.invoke(operationLog.note, { op, part: CLEANED_UP }, { id: pageOf(op) }),
);

/**
 * Canceled flows: canceled once and for good. Their pending work is gone, and their cleanup runs
 * once.
 */
export const cancelledFlows: Kind = {
  name: "cancelled",
  functions: [park, tooLate, cleanUp],
  async perform(operation, recorder) {
    const handle = await recorder.begin(operation, () =>
      recorder.client.start(park, operation.number, { id: operation.key }),
    );
    if (handle === undefined) return;
    const waits = diceOf(operation).chance(0.7);
    const standing = waits
      ? await recorder.until(handle, ({ custom }) => custom === "parked")
      : undefined;
    const parked = standing?.custom === "parked";
    // Returns false if an earlier process canceled it and died before the answer.
    await recorder.request(operation, "cancel", () => recorder.client.cancel(handle), {
      value: parked,
      answer: (done) => done,
    });
    await recorder.finish(operation, handle);
  },
  booked: (flow) =>
    triesOf(flow, "cancel").some(({ value }) => value === true)
      ? { certain: [CLEANED_UP] }
      : { certain: [], possible: [CLEANED_UP] },
  *check(flows) {
    for (const flow of flows) {
      const operation = flow.operation.key;
      const cancels = triesOf(flow, "cancel").filter(
        ({ answer }) => answer?.ok === true && answer.value === true,
      );
      if (cancels.length > 1) yield { what: "duplicated", operation, said: "was cancelled twice" };
      if (cancels.length > 0 && !isCancelled(flow))
        yield { what: "lost", operation, said: "was cancelled, and is not" };
    }
  },
};

function isCancelled({ standing }: Flow): boolean {
  return standing === undefined || standing.status === "cancelled";
}
