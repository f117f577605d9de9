import { setTimeout } from "node:timers/promises";
import { fn, stateful, value } from "../../src/index.ts";
import type { Future } from "../../src/index.ts";
import { saga } from "../../src/patterns/saga/saga.ts";
import { recordEffect } from "../client/ledger-writer.ts";
import { exists } from "../history/history.ts";
import type { Flow } from "../history/history.ts";
import type { Violation } from "../history/verdict.ts";
import { diceOf } from "../plan/operation.ts";
import type { Operation } from "../plan/operation.ts";
import { nameOf } from "./kind.ts";
import type { Kind, Place, States } from "./kind.ts";

const TILLS = 64;
const LONGEST_WORK_MS = 30;
const LONGEST_PAUSE_MS = 60;

/** Counts how often each order was charged and refunded. */
const till = stateful("battery/till", {
  state: {
    charged: value<Record<string, number>>({}),
    refunded: value<Record<string, number>>({}),
  },
  handlers: {
    async charge(ctx, { op, workMs }: Order): Promise<number> {
      recordEffect(ctx, { op, part: "charge" });
      await setTimeout(workMs);
      ctx.state.charged[op] = (ctx.state.charged[op] ?? 0) + 1;
      return op;
    },
    refund(ctx, op: number): void {
      const { charged, refunded } = ctx.state;
      if ((charged[op] ?? 0) > (refunded[op] ?? 0)) refunded[op] = (refunded[op] ?? 0) + 1;
    },
  },
});

interface Order {
  readonly op: number;
  readonly workMs: number;
}

const charge = fn("battery/charge", (ctx, order: Order): Future<number> =>
  ctx.invoke(till.charge, order, { id: tillOf(order.op) }),
);
const undoCharge = fn("battery/undo-charge", (ctx, op: number): Future<void> =>
  ctx.invoke(till.refund, op, { id: tillOf(op) }),
);
const findOut = fn("battery/find-out", (ctx, { op }: Order): Future<void> =>
  ctx.invoke(undoCharge, op),
);
const ship = fn("battery/ship", (ctx, op: number): Future<number> =>
  ctx.onComplete(ctx.sleep(1), shipped, op),
);
const shipped = fn("battery/shipped", (_, { args }: { result: void; args: number }) => args);

const order = saga("battery/order", { do: charge, undo: undoCharge, ifUnsure: findOut }, ship);

/**
 * Orders that are canceled while their charge runs: each is charged once, and refunded once if it
 * was canceled.
 */
export const orders: Kind = {
  name: "order",
  functions: [order, till, shipped],
  async perform(operation, recorder) {
    const dice = diceOf(operation);
    const input: Order = { op: operation.number, workMs: dice.below(LONGEST_WORK_MS) };
    const [isCancelled, pauseMs] = [dice.chance(0.7), dice.below(LONGEST_PAUSE_MS)];
    const handle = await recorder.begin(operation, () =>
      recorder.client.start(order, input, { id: operation.key }),
    );
    if (handle === undefined) return;
    if (isCancelled) {
      await setTimeout(pauseMs);
      await recorder.request(operation, "cancel", () => recorder.client.cancel(handle));
    }
    await recorder.finish(operation, handle);
  },
  booked: () => ({ certain: [] }),
  places: (operations) => [...new Set(operations.map(({ number }) => tillOf(number)))].map(placeOf),
  *check(flows, states) {
    for (const flow of flows.filter(exists)) yield* checkOrder(flow, states);
  },
};

function* checkOrder({ operation, standing }: Flow, states: States): Iterable<Violation> {
  const { charged, refunded } = countsOf(operation, states);
  const isKept = standing?.status === "completed";
  const said = `it ${standing?.status}, was charged ${charged} times and refunded ${refunded} times`;
  if (charged > 1 || refunded > 1) yield { what: "duplicated", operation: operation.key, said };
  else if (standing?.status !== "pending" && charged - refunded !== (isKept ? 1 : 0))
    yield { what: isKept ? "lost" : "wrong", operation: operation.key, said };
}

function countsOf(
  { number }: Operation,
  states: States,
): { readonly charged: number; readonly refunded: number } {
  const { charged = {}, refunded = {} } = (states.get(nameOf(placeOf(tillOf(number)))) ??
    {}) as Partial<Record<"charged" | "refunded", Readonly<Record<string, number>>>>;
  return { charged: charged[number] ?? 0, refunded: refunded[number] ?? 0 };
}

/** Returns the till of an order. A few orders share one. */
export function tillOf(op: number): string {
  return `till ${op % TILLS}`;
}

function placeOf(id: string): Place {
  return { of: till, id };
}
