import { blockedHandlers } from "../../../battery/kinds/blocked.ts";
import { cancelledFlows } from "../../../battery/kinds/cancelled.ts";
import { additionOf, counters } from "../../../battery/kinds/counter.ts";
import { events } from "../../../battery/kinds/event.ts";
import { fanOutOf, fanOuts } from "../../../battery/kinds/fan-out.ts";
import type { Kind, Place } from "../../../battery/kinds/kind.ts";
import { keylessFlows } from "../../../battery/kinds/keyless.ts";
import { logs, orderOf } from "../../../battery/kinds/log.ts";
import { orders, tillOf } from "../../../battery/kinds/order.ts";
import { promises } from "../../../battery/kinds/promise.ts";
import { retriedHandlers } from "../../../battery/kinds/retried.ts";
import { timerOf, timers } from "../../../battery/kinds/timer.ts";
import { transferOf, transfers } from "../../../battery/kinds/transfer.ts";
import type { Entry } from "../../../battery/ledger/entry.ts";
import type { Operation } from "../../../battery/plan/operation.ts";
import type { Json } from "../../../src/core/data/json.ts";
import { Story } from "./story.ts";

/** Operations of all kinds, and a correct ledger of them. */
export interface WellTold {
  readonly seed: number;
  readonly entries: readonly Entry[];
  readonly operations: Readonly<Record<OperationName, Operation>>;
}

type OperationName =
  | "log"
  | "nextLog"
  | "transfer"
  | "fanOut"
  | "timer"
  | "promise"
  | "event"
  | "counter"
  | "nextCounter"
  | "cancelled"
  | "blocked"
  | "order"
  | "cancelledOrder"
  | "keyless"
  | "retried"
  | "refused"
  | "left";

/** Makes a correct story. */
export function wellTold(): WellTold {
  const story = new Story();
  const operations = chooseOperations(story);
  const {
    log,
    nextLog,
    transfer,
    fanOut,
    timer,
    promise,
    event,
    counter,
    nextCounter,
    cancelled,
    blocked,
    order,
    cancelledOrder,
    keyless,
    retried,
    refused,
    left,
  } = operations;
  for (const operation of Object.values(operations)) {
    const came =
      operation === refused ? "refusal" : operation === left ? "nothing" : "acknowledgement";
    story.ask(operation, "start", { came });
  }

  const counts = [log, nextLog].map((operation) => orderOf(operation).count);
  for (let index = 0; index < (counts[0] ?? 0); index++) story.act(log, `number ${index}`, index);
  const { from, to, amount } = transferOf(transfer);
  for (const part of ["withdraw", "deposit", "receipt"]) story.act(transfer, part);
  const { leaves } = fanOutOf(fanOut);
  for (let index = 0; index < leaves; index++) story.book(fanOut, `leaf ${index}`);
  story.ask(promise, "settle", { value: "decision 0", came: "nothing" });
  story.ask(promise, "settle", { value: "decision 1" });
  story.book(promise, "decided");
  const names = [0, 1, 2].map((index) =>
    story.ask(event, `event ${index}`, { value: index === 2 }),
  );
  story.book(event, "gathered");
  story.ask(cancelled, "cancel", { value: true, answer: true });
  story.book(cancelled, "cleaned up");
  story.ask(cancelledOrder, "cancel");
  for (const part of ["first", "second"]) story.book(blocked, part);
  story.ask(keyless, "keyless", { came: "nothing" });
  story.book(keyless, story.ask(keyless, "keyless"));
  story.ask(keyless, "told");
  story.book(retried, "done");
  story.wait(timerOf(timer).delayMs);
  story.act(timer, "ring", 0);
  story.book(timer, "rang");
  story.see(counter, { status: "completed", value: 1 });

  story.verify();
  const values: readonly (readonly [Operation, Json])[] = [
    [log, 0],
    [nextLog, counts[0] ?? 0],
    [transfer, "moved"],
    [fanOut, leaves],
    [timer, "rang"],
    [promise, "decision 1"],
    [event, names],
    [counter, 1],
    [nextCounter, 2],
    [blocked, "first, second"],
    [order, order.number],
    [keyless, "0000010000000001"],
    [retried, 3],
  ];
  for (const [operation, value] of values) story.stands(operation, { status: "completed", value });
  for (const operation of [cancelled, cancelledOrder])
    story.stands(operation, { status: "cancelled", code: "CANCELLED" });
  story.stands(refused, { status: "absent" });
  story.stands(left, { status: "absent" });

  const sent = Array.from(
    { length: (counts[0] ?? 0) + (counts[1] ?? 0) },
    (_, number) => `${orderOf(log).clerk}:${number}`,
  );
  story.state(placeIn(logs, [log, nextLog], "log 0"), { numbers: sent });
  story.state(placeIn(transfers, [], from), { balance: 1_000 - amount, out: 1, in: 0 });
  story.state(placeIn(transfers, [], to), { balance: 1_000 + amount, out: 0, in: 1 });
  for (const [operation, refunded] of [
    [order, {}],
    [cancelledOrder, { [cancelledOrder.number]: 1 }],
  ] as const) {
    const charged = { [operation.number]: 1 };
    story.state(placeIn(orders, [operation], tillOf(operation.number)), { charged, refunded });
  }
  story.state(additionOf(counter).place, { count: 2 });
  return { seed: story.seed, entries: story.end(), operations };
}

function chooseOperations(story: Story): WellTold["operations"] {
  const log = story.operation(logs);
  const counter = story.operation(counters);
  return {
    log,
    nextLog: story.operation(logs, (operation) => orderOf(operation).clerk === orderOf(log).clerk),
    transfer: story.operation(transfers),
    fanOut: story.operation(fanOuts),
    timer: story.operation(timers),
    promise: story.operation(promises),
    event: story.operation(events),
    counter,
    nextCounter: story.operation(
      counters,
      (operation) => additionOf(operation).place.id === additionOf(counter).place.id,
    ),
    cancelled: story.operation(cancelledFlows),
    blocked: story.operation(blockedHandlers),
    order: story.operation(orders),
    cancelledOrder: story.operation(orders),
    keyless: story.operation(keylessFlows),
    retried: story.operation(retriedHandlers),
    refused: story.operation(retriedHandlers),
    left: story.operation(retriedHandlers),
  };
}

function placeIn(kind: Kind, operations: readonly Operation[], id: string): Place {
  const place = kind.places?.(operations).find((each) => each.id === id);
  if (place === undefined) throw new Error(`${kind.name} has no state ${id}`);
  return place;
}
