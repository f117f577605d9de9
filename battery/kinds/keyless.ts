import { setTimeout } from "node:timers/promises";
import { fn, HandbackError } from "../../src/index.ts";
import type { FlowHandle, Future } from "../../src/index.ts";
import { act } from "../app/ledger-writer.ts";
import type { Desk } from "../app/recording-client.ts";
import { triesOf } from "../checker/history.ts";
import type { Attempt } from "../checker/history.ts";
import { book, pageOf } from "./operation-log.ts";
import type { Line } from "./operation-log.ts";
import type { Kind } from "./kind.ts";

const TOLD = "told";
const SLOW_MS = 12;
const PAUSE_MS = 60;

/** Waits to be told of a flow without a key, for nobody else could name that once the process has died. */
const witness = fn("battery/witness", (ctx): Future<string> =>
  ctx.onComplete(ctx.event<string>(TOLD), remember),
);
const remember = fn("battery/remember", (ctx, id: string): string => {
  ctx.setStatus(id);
  return id;
});

/** Ends at once now and then, and hands back what goes on for a while at other times. */
const write = fn("battery/write", async (ctx, line: Line): Promise<Future<string> | string> => {
  if (line.op % 2 === 0) await setTimeout(SLOW_MS);
  act(ctx, { ...line, part: `written ${line.part}` });
  if (line.op % 3 > 0) return ctx.onComplete(ctx.sleep(PAUSE_MS), note, line);
  ctx.send(book.note, line, { id: pageOf(line.op) });
  return line.part;
});
const note = fn(
  "battery/note-later",
  (ctx, { args: line }: { result: void; args: Line }): Future<string> =>
    ctx.invoke(book.note, line, { id: pageOf(line.op) }),
);

/** Flows without a key: one whose start was acknowledged is known, and counts once; another one once at most. */
export const keylessFlows: Kind = {
  name: "keyless",
  functions: [witness, remember, write, note],
  async perform(operation, desk) {
    const handle = await desk.begin(operation, () =>
      desk.client.start(witness, undefined, { id: operation.key }),
    );
    if (handle === undefined) return;
    if ((await desk.until(handle, () => true))?.status === "pending") {
      const start = (part: string): Promise<FlowHandle<string>> =>
        desk.client.start(write, { op: operation.number, part });
      const { id } = await desk.request(operation, "keyless", start);
      await desk
        .request(operation, TOLD, () => desk.client.signal(handle, TOLD, id))
        .catch(orIfOver);
    }
    const told = await desk.until(handle, () => false);
    if (told !== undefined) await requireDone(desk, String(told.custom));
    await desk.finish(operation, handle);
  },
  booked: (flow) => {
    const tries = triesOf(flow, "keyless");
    const certain = tries.filter(({ answer }) => answer?.ok === true);
    const possible = tries.filter(({ answer }) => answer === undefined);
    return { certain: certain.map(partOf), possible: possible.map(partOf) };
  },
};

/** What a flow books is named after the request that started it. */
function partOf({ life, request }: Attempt): string {
  return `${life}.${request}`;
}

/** @throws when a flow whose start was acknowledged is not known, or did not complete. */
async function requireDone(desk: Desk, id: string): Promise<void> {
  const standing = await desk.until(desk.client.flow(id), () => false);
  if (standing?.status !== "completed")
    throw new Error(`the flow ${id}, which has no key, is ${standing?.status ?? "not known"}`);
}

/** The witness may have been told by the process before this one. */
function orIfOver(error: unknown): void {
  if (!HandbackError.is(error, "FLOW_OVER")) throw error;
}
