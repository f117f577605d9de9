import type { Activation } from "../../core/activation/activation.ts";
import { UNDEFINED } from "../../core/codec/encoded.ts";
import { readVersioned } from "../protocol/combinator.ts";
import type { KeyedSignal, Messages } from "../protocol/messages.ts";
import { sendSystemMessage, systemFunction } from "../protocol/system.ts";
import type { FlowRecord } from "./record/flow-record.ts";

/** Largest number of keys of signals that one flow keeps. */
export const MOST_SIGNAL_KEYS = 10_000;

/** Digits of a key's digest that name its page: 256 pages, so a page holds about 40 keys. */
const PAGE_DIGITS = 2;

/** The keys of one page, without the digits that name it, with the digests of their signals. */
type Page = { readonly v: number; readonly keys: Readonly<Record<string, string>> };

const VALUE = "keys";
/** Version of the stored page. */
const FORMAT = 1;

/**
 * The keys under which a flow was signaled. A page holds the keys whose digests begin with the same
 * digits, so the cost of a signal does not grow with the number of keys.
 *
 * SK1 A key is kept in the commit in which its signal is admitted. So the signal counts once.
 * SK2 A flow counts a key before its page looks at it, and takes the count back if the page knew
 * it. So there are never more keys than {@link MOST_SIGNAL_KEYS}.
 * SK3 A page lives as long as the record of its flow.
 * SK4 The flow sends the event itself, so that events arrive in the order of their signals.
 */
export const signalKeys = systemFunction("signalKeys", [VALUE], {
  check: checkKey,
  over(activation, { keepUntil }) {
    const page = readPage(activation);
    if (page !== undefined) activation.write(VALUE, { json: page }, keepUntil);
  },
  forget: (activation) => activation.delete(VALUE),
});

function checkKey(activation: Activation, check: Messages["signalKeys"]["check"]): void {
  const { flow, once, key, event, unknown } = check;
  const keys: Page["keys"] = readPage(activation)?.keys ?? {};
  const name = once.key.slice(PAGE_DIGITS);
  const known = keys[name];
  const isReserved = unknown === "admit";
  if (known !== undefined) {
    const outcome = known === once.digest ? "signalled" : "conflict";
    activation.replyTo(key, UNDEFINED, { outcome });
    if (isReserved)
      sendSystemMessage(activation, { to: "flow", id: flow, name: "unreserve", control: null });
    return;
  }
  if (!isReserved) return activation.replyTo(key, UNDEFINED, { outcome: unknown });
  activation.write(VALUE, { json: { v: FORMAT, keys: { ...keys, [name]: once.digest } } });
  const { payload } = activation.envelope;
  const control = { key, event };
  sendSystemMessage(activation, { to: "flow", id: flow, name: "admit", control, payload });
}

function readPage(activation: Activation): Page | undefined {
  return readVersioned<Page>(activation, VALUE, FORMAT);
}

/**
 * Lets the page of a signal's key decide about it. Returns the record with the key counted, or
 * `undefined` if the record does not change.
 */
export function checkSignal(
  activation: Activation,
  record: FlowRecord,
  signal: Messages["flow"]["signal"] & { readonly once: KeyedSignal },
  isFullOfEvents: boolean,
): FlowRecord | undefined {
  const { once, key, event } = signal;
  const { count, pages } = record.signals ?? NO_KEYS;
  const page = once.key.slice(0, PAGE_DIGITS);
  const fits = isFullOfEvents ? "manyEvents" : count < MOST_SIGNAL_KEYS ? "admit" : "full";
  const unknown = record.ok === undefined ? fits : "over";
  const { payload, target } = activation.envelope;
  sendSystemMessage(activation, {
    to: "signalKeys",
    id: pageId(record, target.id, page),
    name: "check",
    control: { flow: target.id, once, key, event, unknown },
    payload,
  });
  if (unknown !== "admit") return undefined;
  return { ...record, signals: { count: count + 1, pages: withPage(pages, page) } };
}

/** Takes back the count of a key that its page knew. */
export function unreserveKey(record: FlowRecord): FlowRecord {
  const { count, pages } = record.signals ?? NO_KEYS;
  return { ...record, signals: { count: count - 1, pages } };
}

/** Lets the keys end with the record of their flow. */
export function endSignalKeys(activation: Activation, record: FlowRecord, keepUntil: number): void {
  for (const id of pageIds(activation, record))
    sendSystemMessage(activation, { to: "signalKeys", id, name: "over", control: { keepUntil } });
}

/** Deletes the keys. */
export function forgetSignalKeys(activation: Activation, record: FlowRecord): void {
  for (const id of pageIds(activation, record))
    sendSystemMessage(activation, { to: "signalKeys", id, name: "forget", control: null });
}

const NO_KEYS = { count: 0, pages: "0" };

/** Adds a page to a set of pages, a number in hex whose bits say which pages there are. */
function withPage(pages: string, page: string): string {
  return (BigInt(`0x${pages}`) | (1n << BigInt(`0x${page}`))).toString(16);
}

function pageIds(activation: Activation, record: FlowRecord): readonly string[] {
  if (record.signals === undefined) return [];
  const bits = BigInt(`0x${record.signals.pages}`);
  return Array.from({ length: 16 ** PAGE_DIGITS }, (_, page) => page)
    .filter((page) => ((bits >> BigInt(page)) & 1n) === 1n)
    .map((page) =>
      pageId(record, activation.address.id, page.toString(16).padStart(PAGE_DIGITS, "0")),
    );
}

/** The flow's number, which no later flow of the same key has, names its pages. */
function pageId({ number }: FlowRecord, flow: string, page: string): string {
  return `${page}\n${number ?? flow}`;
}
