import type { Activation } from "../../core/activation/activation.ts";
import type { Encoded } from "../../core/codec/encoded.ts";
import type { Definition } from "../../core/activation/definition.ts";
import type { Json } from "../../core/data/json.ts";
import type { MessageId } from "../../core/message/message-id.ts";
import { childId } from "../../core/message/message-id.ts";
import { subscribeToCell } from "./cell.ts";
import type { Consumer } from "../protocol/consumer.ts";
import { deliverSettlement } from "../protocol/deliver.ts";
import { encodeHandle } from "../protocol/codec.ts";
import { openJoin } from "./join.ts";
import { watchCancellation, unwatchCancellation } from "../protocol/cancellation-watch.ts";
import { cancelledSettlement, fulfilledSettlement } from "../protocol/settled.ts";
import { SYSTEM, scheduleSystemMessage } from "../protocol/system.ts";

/**
 * `wait`: counts which of several futures have settled, up to a number or an instant; then gathers what those are.
 *
 * W1 Ready and pending partition the futures, both in the order in which they were given.
 * W2 A tick changes one bit a future, and carries no value, so that n ticks cost O(n) messages of flat size; the values
 *    of the ready ones are fetched from their cells by a join, once it is decided which they are.
 * W3 It lives until it was opened, has decided and all ticks have come: a later one would re-create it.
 * W4 It is cancelled with its scope: its consumers are told at once.
 */
export type Waiting = {
  /** The cells of the futures. */
  readonly cells: readonly MessageId[];
  readonly retainUntil: number;
  /** How many settlements are enough. */
  readonly count: number;
  readonly dueAt?: number;
  readonly consumers: readonly Consumer[];
  readonly flow?: string;
  readonly scope?: string;
};

type Ticks = { readonly bits: readonly number[]; readonly count: number; readonly over: boolean };

const OPENING = "opening";
const TICKS = "ticks";
const TIMEOUT = "timeout";

/** The system function `_sys/wait`. */
export const wait: Definition = {
  type: SYSTEM.wait,
  valueNames: [OPENING, TICKS],
  system: true,
  receive(activation) {
    const { name, control } = activation.envelope;
    const ticks = (activation.json(TICKS) as Ticks | undefined) ?? {
      bits: [],
      count: 0,
      over: false,
    };
    if (name === "tick")
      return proceed(activation, tick(ticks, (control as { index: number }).index), false);
    if (activation.withdrawn !== undefined) return withdraw(activation, ticks);
    if (name === "open") open(activation, control as Waiting);
    if (activation.json(OPENING) !== undefined) proceed(activation, ticks, name === TIMEOUT);
  },
};

/** Who waits for a wait that has not decided, if it cannot while `lost` of its futures do not settle; `read` gives its values. */
export function consumersOfWait(
  read: (name: string) => Json | undefined,
  lost: number,
): readonly Consumer[] {
  const waiting = read(OPENING) as Waiting | undefined;
  const { over = false } = (read(TICKS) as Ticks | undefined) ?? {};
  if (waiting === undefined || over || waiting.dueAt !== undefined) return [];
  return waiting.cells.length - lost < waiting.count ? waiting.consumers : [];
}

/** Who waits for a wait that has not decided, whatever that still takes; `read` gives its values. */
export function waitersOf(read: (name: string) => Json | undefined): readonly Consumer[] {
  const { over = false } = (read(TICKS) as Ticks | undefined) ?? {};
  return over ? [] : ((read(OPENING) as Waiting | undefined)?.consumers ?? []);
}

function open(activation: Activation, waiting: Waiting): void {
  activation.write(OPENING, { json: waiting });
  const { dueAt, scope } = waiting;
  if (dueAt === undefined) return void watchCancellation(activation, scope, TIMEOUT);
  const at = { id: childId(activation.address.id, 0, TIMEOUT), dueAt, token: TIMEOUT, scope };
  scheduleSystemMessage(
    activation,
    { target: activation.address, name: TIMEOUT, control: null },
    at,
  );
}

function withdraw(activation: Activation, ticks: Ticks): void {
  const waiting = activation.json(OPENING) as Waiting | undefined;
  if (waiting === undefined || ticks.over) return;
  deliverSettlement(activation, waiting.consumers, cancelledSettlement("the wait"), waiting.flow);
  finish(activation, waiting, { ...ticks, over: true });
}

function tick({ bits, count, over }: Ticks, index: number): Ticks {
  const word = index >> 5;
  const longer = Array.from({ length: Math.max(bits.length, word + 1) }, (_, at) => bits[at] ?? 0);
  return {
    bits: longer.with(word, (longer[word] ?? 0) | (1 << (index & 31))),
    count: count + 1,
    over,
  };
}

function proceed(activation: Activation, ticks: Ticks, timedOut: boolean): void {
  const waiting = activation.json(OPENING) as Waiting | undefined;
  const enough = waiting !== undefined && !ticks.over && (timedOut || ticks.count >= waiting.count);
  if (enough) decide(activation, waiting, ticks, timedOut);
  finish(activation, waiting, { ...ticks, over: ticks.over || enough });
}

function finish(activation: Activation, waiting: Waiting | undefined, ticks: Ticks): void {
  if (ticks.over && ticks.count === waiting?.cells.length) {
    activation.delete(OPENING);
    activation.delete(TICKS);
  } else activation.write(TICKS, { json: ticks });
}

function decide(
  activation: Activation,
  waiting: Waiting,
  { bits }: Ticks,
  timedOut: boolean,
): void {
  if (waiting.dueAt === undefined && waiting.scope !== undefined)
    unwatchCancellation(activation, [waiting.scope, TIMEOUT]);
  else if (!timedOut) activation.cancelSend(TIMEOUT);
  const isReady = (index: number): boolean => (((bits[index >> 5] ?? 0) >> (index & 31)) & 1) === 1;
  const ready: number[] = [];
  const pending: string[] = [];
  for (const [index, cell] of waiting.cells.entries()) {
    if (isReady(index)) ready.push(index);
    else
      pending.push(
        `{"index":${index},"handle":${encodeHandle(cell, activation.environment.storeId, waiting.retainUntil)}}`,
      );
  }
  const { consumers, flow } = waiting;
  const tail = `],"pending":[${pending.join(",")}]}`;
  if (ready.length === 0)
    return deliverSettlement(
      activation,
      consumers,
      fulfilledSettlement(`{"ready":[${tail}` as Encoded),
      flow,
    );
  const segments = ['{"ready":[', ...Array.from({ length: ready.length - 1 }, () => ","), tail];
  const opening = flow === undefined ? { segments, consumers } : { segments, consumers, flow };
  openJoin(activation, childId(activation.address.id, 0, "ready"), opening, (slot, filler) => {
    const index = ready[slot] ?? 0;
    const consumer: Consumer = { ...filler, want: "settlement", position: index };
    subscribeToCell(
      activation,
      { cell: waiting.cells[index] ?? "", retainUntil: waiting.retainUntil },
      [consumer],
    );
  });
}
