import { fn } from "../../src/index.ts";
import { diceOf } from "../plan/operation.ts";
import { operationLog, pageOf } from "./operation-log.ts";
import type { Kind } from "./kind.ts";

const FIRST = "first";
const SECOND = "second";
const LONGEST_PAUSE_MS = 40;

const block = fn("battery/block", async (ctx, { op, pauseMs }: Block): Promise<string> => {
  const first = await ctx.get(
    ctx.invoke(operationLog.note, { op, part: FIRST }, { id: pageOf(op) }),
  );
  await ctx.get(ctx.sleep(pauseMs));
  return `${first}, ${await ctx.get(ctx.invoke(operationLog.note, { op, part: SECOND }, { id: pageOf(op) }))}`;
});

interface Block {
  readonly op: number;
  readonly pauseMs: number;
}

/**
 * Blocked handlers: run again after a crash, they find the messages that they sent, which count
 * once.
 */
export const blockedHandlers: Kind = {
  name: "blocked",
  functions: [block],
  async perform(operation, recorder) {
    const input = { op: operation.number, pauseMs: diceOf(operation).below(LONGEST_PAUSE_MS) };
    const handle = await recorder.begin(operation, () =>
      recorder.client.start(block, input, { id: operation.key }),
    );
    if (handle !== undefined) await recorder.finish(operation, handle);
  },
  booked: () => ({ certain: [FIRST, SECOND] }),
};
