import { setTimeout } from "node:timers/promises";
import { fn, HandbackError } from "../../src/index.ts";
import type { FlowHandle, Future } from "../../src/index.ts";
import type { RecordingClient } from "../client/recording-client.ts";
import { exists, triesOf, valueOf } from "../history/history.ts";
import type { Attempt, Flow } from "../history/history.ts";
import type { Violation } from "../history/verdict.ts";
import { diceOf } from "../plan/operation.ts";
import type { Operation } from "../plan/operation.ts";
import { operationLog, pageOf } from "./operation-log.ts";
import type { Kind } from "./kind.ts";

const NOTE = "note";
const GATHERED = "gathered";
const MOST_EVENTS = 6;
const LONGEST_PAUSE_MS = 60;

const gather = fn("battery/gather", (ctx, op: number): Future<readonly string[]> =>
  ctx.onComplete(ctx.event<Note>(NOTE), gathered, { op, names: [] }),
);
const gathered = fn(
  "battery/gathered",
  (ctx, { result, args }: { result: Note; args: Gathering }): Future<readonly string[]> => {
    const { op } = args;
    const names = [...args.names, result.name];
    if (!result.last) return ctx.onComplete(ctx.event<Note>(NOTE), gathered, { op, names });
    return ctx.invoke(list, {
      names,
      noted: ctx.invoke(operationLog.note, { op, part: GATHERED }, { id: pageOf(op) }),
    });
  },
);
const list = fn(
  "battery/list",
  (_, { names }: { names: readonly string[]; noted: string }): readonly string[] => names,
);

interface Note {
  /** The request that sent it. */
  readonly name: string;
  /** True if the flow ends with it. */
  readonly last: boolean;
}

interface Gathering {
  readonly op: number;
  readonly names: readonly string[];
}

/**
 * Events: acknowledged ones are seen once, in the order in which they were sent. Others are seen at
 * most once.
 */
export const events: Kind = {
  name: "event",
  functions: [gather, gathered, list],
  async perform(operation, recorder) {
    const handle = await recorder.begin(operation, () =>
      recorder.client.start(gather, operation.number, { id: operation.key }),
    );
    if (handle === undefined) return;
    await signalAll(operation, recorder, handle);
    await recorder.finish(operation, handle);
  },
  booked: () => ({ certain: [GATHERED] }),
  *check(flows) {
    for (const flow of flows.filter(exists)) yield* checkEvents(flow);
  },
};

/**
 * Sends the unacknowledged events again, all at once or one after the other, because an event
 * cannot be looked up.
 */
async function signalAll(
  operation: Operation,
  recorder: RecordingClient,
  handle: FlowHandle<unknown>,
): Promise<void> {
  const dice = diceOf(operation);
  const count = 1 + dice.below(MOST_EVENTS);
  const atOnce = dice.chance(0.5);
  const open = Array.from({ length: count }, (_, index) => index).filter(
    (index) => recorder.known(operation, `event ${index}`) !== "acknowledged",
  );
  const signal = (index: number): Promise<void> => {
    const last = index === count - 1;
    const send = (name: string): Promise<void> =>
      recorder.client.signal(handle, NOTE, { name, last });
    return recorder.request(operation, `event ${index}`, send, { value: last }).catch(orIfOver);
  };
  if (atOnce) {
    await Promise.all(open.map(signal));
    return;
  }
  for (const index of open) {
    if (dice.chance(0.3)) await setTimeout(dice.below(LONGEST_PAUSE_MS));
    await signal(index);
  }
}

function* checkEvents(flow: Flow): Iterable<Violation> {
  const operation = flow.operation.key;
  if (flow.standing?.status !== "completed") return;
  const names = valueOf(flow) as readonly string[];
  const sent = new Map(triesOf(flow, "event").map((attempt) => [nameOf(attempt), attempt]));
  const end = sent.get(names.at(-1) ?? "");
  for (const [place, name] of names.entries()) {
    const attempt = sent.get(name);
    const before = sent.get(names[place - 1] ?? "");
    if (attempt === undefined || attempt.answer?.ok === false)
      yield { what: "wrong", operation, said: `saw the event ${name}, which it was not given` };
    else if (names.indexOf(name) < place)
      yield { what: "duplicated", operation, said: `saw the event ${name} twice` };
    else if (before !== undefined && before.place > attempt.place)
      yield { what: "reordered", operation, said: `saw the event ${name} after a later one` };
  }
  for (const [name, { answer, place }] of sent) {
    // Events after the last awaited one are kept, and deleted with the flow.
    const isMissed =
      answer?.ok === true && end !== undefined && place < end.place && !names.includes(name);
    if (isMissed)
      yield {
        what: "lost",
        operation,
        said: `never saw the event ${name}, which was acknowledged`,
      };
  }
}

function nameOf({ life, request }: Attempt): string {
  return `${life}.${request}`;
}

/** It may have ended with an event of an earlier process. */
function orIfOver(error: unknown): void {
  if (!HandbackError.is(error, "FLOW_OVER")) throw error;
}
