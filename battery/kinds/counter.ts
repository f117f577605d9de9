import { HandbackError, stateful, value } from "../../src/index.ts";
import type { FlowHandle } from "../../src/index.ts";
import type { RecordingClient } from "../client/recording-client.ts";
import { recordEffect } from "../client/ledger-writer.ts";
import { exists, triesOf, valueOf } from "../history/history.ts";
import type { Flow } from "../history/history.ts";
import type { Violation } from "../history/verdict.ts";
import { diceOf } from "../plan/operation.ts";
import type { Operation } from "../plan/operation.ts";
import { nameOf } from "./kind.ts";
import type { Kind, Place, States } from "./kind.ts";

const COUNTERS = 4;

const counter = stateful("battery/counter", {
  state: { count: value(0) },
  handlers: {
    add(ctx, { op }: Add): number {
      recordEffect(ctx, { op, part: "add" });
      return ++ctx.state.count;
    },
  },
});

interface Add {
  readonly op: number;
  /** A different request with the same key, which must be rejected. */
  readonly other?: true;
}

/**
 * Idempotency keys: a start that is repeated, at once or by a later process, is the same flow, and
 * counts once.
 */
export const counters: Kind = {
  name: "counter",
  functions: [counter],
  async perform(operation, recorder) {
    const { place, twice, conflicts } = additionOf(operation);
    const start = (): Promise<FlowHandle<number>> =>
      recorder.client.start(
        counter.add,
        { op: operation.number },
        { id: place.id, key: operation.key },
      );
    const again = twice ? recorder.begin(operation, start).catch(() => undefined) : undefined;
    const handle = await recorder.begin(operation, start);
    await again;
    if (handle === undefined) return;
    if (conflicts) await contradict(operation, recorder, place);
    await recorder.finish(operation, handle);
  },
  booked: () => ({ certain: [] }),
  places: () => Array.from({ length: COUNTERS }, (_, index) => placeOf(index)),
  *check(flows, states) {
    for (let index = 0; index < COUNTERS; index++) {
      const own = flows.filter(
        (flow) => exists(flow) && additionOf(flow.operation).place.id === placeOf(index).id,
      );
      yield* checkCounter(placeOf(index), own, states);
      yield* checkOrder(own);
    }
    for (const flow of flows) {
      const accepted = triesOf(flow, "conflict").some(({ answer }) => answer?.ok === true);
      if (accepted)
        yield {
          what: "duplicated",
          operation: flow.operation.key,
          said: "its key was given away again, for another input",
        };
    }
  },
};

/** Requests another function under a key that is taken. */
async function contradict(
  operation: Operation,
  recorder: RecordingClient,
  { id }: Place,
): Promise<void> {
  const other = { op: operation.number, other: true } as const;
  try {
    await recorder.request(operation, "conflict", () =>
      recorder.client.start(counter.add, other, { id, key: operation.key }),
    );
  } catch (error) {
    if (!HandbackError.is(error, "IDEMPOTENCY_CONFLICT")) throw error;
  }
}

/** The results are the numbers from 1 to the counter's value, each once. */
function* checkCounter(place: Place, flows: readonly Flow[], states: States): Iterable<Violation> {
  const operation = place.id;
  const { count } = (states.get(nameOf(place)) as
    | { readonly count: number }
    | null
    | undefined) ?? { count: 0 };
  if (count < flows.length)
    yield {
      what: "lost",
      operation,
      said: `stands at ${count}, and was added to ${flows.length} times`,
    };
  if (count > flows.length)
    yield {
      what: "duplicated",
      operation,
      said: `stands at ${count}, and was added to ${flows.length} times`,
    };
  const seen = new Map<unknown, string>();
  for (const flow of flows.filter(({ standing }) => standing?.status === "completed")) {
    const result = valueOf(flow);
    const other = seen.get(result);
    if (other !== undefined)
      yield {
        what: "lost",
        operation: flow.operation.key,
        said: `counted ${JSON.stringify(result)}, and so did ${other}`,
      };
    seen.set(result, flow.operation.key);
  }
}

/** Of two starts that one process made and got acknowledged, the first counts first. */
function* checkOrder(flows: readonly Flow[]): Iterable<Violation> {
  const firstTries = flows.flatMap((flow) => {
    const [first] = triesOf(flow, "start");
    const result = valueOf(flow);
    return first?.answer?.ok === true && typeof result === "number"
      ? [{ flow, first, result }]
      : [];
  });
  const inOrder = firstTries.sort((one, other) => one.first.place - other.first.place);
  for (const [index, { flow, first, result }] of inOrder.entries()) {
    const before = inOrder[index - 1];
    if (before === undefined || before.first.life !== first.life || before.result < result)
      continue;
    yield {
      what: "reordered",
      operation: flow.operation.key,
      said: `counted ${result}, after ${before.flow.operation.key} counted ${before.result}`,
    };
  }
}

/** Returns the counter that an operation adds to, and its repetitions. */
export function additionOf(operation: Operation): {
  readonly place: Place;
  readonly twice: boolean;
  readonly conflicts: boolean;
} {
  const dice = diceOf(operation);
  return {
    place: placeOf(dice.below(COUNTERS)),
    twice: dice.chance(0.2),
    conflicts: dice.chance(0.1),
  };
}

function placeOf(index: number): Place {
  return { of: counter, id: `counter ${index}` };
}
