import { setTimeout } from "node:timers/promises";
import { fn, HandbackError } from "../../src/index.ts";
import type { FlowHandle, Future } from "../../src/index.ts";
import { recordEffect } from "../client/ledger-writer.ts";
import type { RecordingClient } from "../client/recording-client.ts";
import { triesOf } from "../history/history.ts";
import type { Attempt } from "../history/history.ts";
import { operationLog, pageOf } from "./operation-log.ts";
import type { Line } from "./operation-log.ts";
import type { Kind } from "./kind.ts";

const TOLD = "told";
const SLOW_MS = 12;
const PAUSE_MS = 60;

/** Waits for the id of a flow without a key, which would be lost with the process. */
const witness = fn("battery/witness", (ctx): Future<string> =>
  ctx.onComplete(ctx.event<string>(TOLD), remember),
);
const remember = fn("battery/remember", (ctx, id: string): string => {
  ctx.setStatus(id);
  return id;
});

/** Sometimes ends at once, and otherwise hands back a future that takes a while. */
const write = fn("battery/write", async (ctx, line: Line): Promise<Future<string> | string> => {
  if (line.op % 2 === 0) await setTimeout(SLOW_MS);
  recordEffect(ctx, { ...line, part: `written ${line.part}` });
  if (line.op % 3 > 0) return ctx.onComplete(ctx.sleep(PAUSE_MS), note, line);
  ctx.send(operationLog.note, line, { id: pageOf(line.op) });
  return line.part;
});
const note = fn(
  "battery/note-later",
  (ctx, { args: line }: { result: void; args: Line }): Future<string> =>
    ctx.invoke(operationLog.note, line, { id: pageOf(line.op) }),
);

/**
 * Flows without a key: one with an acknowledged start exists, and counts once. Any other counts at
 * most once.
 */
export const keylessFlows: Kind = {
  name: "keyless",
  functions: [witness, remember, write, note],
  async perform(operation, recorder) {
    const handle = await recorder.begin(operation, () =>
      recorder.client.start(witness, undefined, { id: operation.key }),
    );
    if (handle === undefined) return;
    if ((await recorder.until(handle, () => true))?.status === "pending") {
      const start = (part: string): Promise<FlowHandle<string>> =>
        recorder.client.start(write, { op: operation.number, part });
      const { id } = await recorder.request(operation, "keyless", start);
      await recorder
        .request(operation, TOLD, () => recorder.client.signal(handle, TOLD, id))
        .catch(orIfOver);
    }
    const told = await recorder.until(handle, () => false);
    if (told !== undefined) await requireDone(recorder, String(told.custom));
    await recorder.finish(operation, handle);
  },
  booked: (flow) => {
    const tries = triesOf(flow, "keyless");
    const certain = tries.filter(({ answer }) => answer?.ok === true);
    const possible = tries.filter(({ answer }) => answer === undefined);
    return { certain: certain.map(partOf), possible: possible.map(partOf) };
  },
};

/** The part that a flow logs is named after the request that started it. */
function partOf({ life, request }: Attempt): string {
  return `${life}.${request}`;
}

/** @throws if a flow with an acknowledged start is unknown or did not complete. */
async function requireDone(recorder: RecordingClient, id: string): Promise<void> {
  const standing = await recorder.until(recorder.client.flow(id), () => false);
  if (standing?.status !== "completed")
    throw new Error(`the flow ${id}, which has no key, is ${standing?.status ?? "not known"}`);
}

/** An earlier process may have sent the id to the witness. */
function orIfOver(error: unknown): void {
  if (!HandbackError.is(error, "FLOW_OVER")) throw error;
}
