import type { Activation } from "../../core/activation/activation.ts";
import type { Encoded } from "../../core/codec/encoded.ts";
import { UNDEFINED } from "../../core/codec/encoded.ts";
import { fillTemplate } from "../../core/codec/template.ts";
import type { Definition } from "../../core/activation/definition.ts";
import type { Json } from "../../core/data/json.ts";
import { childId } from "../../core/message/message-id.ts";
import type { MessageId } from "../../core/message/message-id.ts";
import { addUsage, NO_USAGE } from "../../core/activation/meter.ts";
import type { UsageTotals } from "../../core/activation/meter.ts";
import type { Consumer } from "../protocol/consumer.ts";
import { weighConsumers } from "../protocol/consumer.ts";
import { billFlow, carryOrBillUsage, deliverSettlement } from "../protocol/deliver.ts";
import { fulfilledSettlement, rejectedWithCode } from "../protocol/settled.ts";
import type { Settled } from "../protocol/settled.ts";
import { forwardCycleProbe, CYCLE_PROBE } from "../protocol/cycle-detection.ts";
import type { CycleProbe } from "../protocol/cycle-detection.ts";
import { SYSTEM, systemAddress, sendSystemMessage } from "../protocol/system.ts";

/**
 * The join: fills the holes of a text as the slots arrive, and delivers the whole. What waits for several futures -
 * `all`, an input or a returned value that holds futures, `after` - is a join.
 *
 * J1 A slot may arrive before the opening message.
 * J2 The first rejection is delivered at once; what arrives later is counted, and dropped.
 * J3 A join is gone once it was opened and all its slots have arrived; not before, or a late slot would re-create it.
 * J4 A join has at most DEGREE slots: more make a tree, so that n slots cost O(n) although state is whole-value.
 * J5 The sums of all slots ride on with the outcome; those of slots that come after a rejection go to the flow.
 * J6 Each arrival rewrites the join's state; what is large in it is kept apart, and written once.
 */

const DEGREE = 16;
/** Texts longer than this are kept apart, in a value of their own. */
const LARGE = 512;
/** Stands for what is kept apart. */
const APART = 0;
type Apart = typeof APART;

/** What opens a join: `segments` has one entry more than there are slots. */
type Opening = {
  readonly segments: readonly string[];
  readonly consumers: readonly Consumer[];
  readonly flow?: string;
};
type Slot = { readonly index: number; readonly ok: boolean; readonly tally: UsageTotals };

/** A slot that came before the opening message. */
type Early = { readonly index: number; readonly ok: boolean; readonly text: string | Apart };

type Join = {
  readonly opening?: Opening | Apart;
  readonly early: readonly Early[];
  readonly texts: readonly (string | Apart | null)[];
  readonly left: number;
  readonly over: boolean;
  readonly tally: UsageTotals;
};

const UNOPENED: Join = { early: [], texts: [], left: 0, over: false, tally: NO_USAGE };
const VALUE = "join";
const OPENING = "opening";
const SLOTS = Array.from({ length: DEGREE }, (_, index) => `slot${index}`);

/** The system function `_sys/join`. */
export const join: Definition = {
  type: SYSTEM.join,
  valueNames: [VALUE, OPENING, ...SLOTS],
  system: true,
  receive(activation) {
    const { name, control, payload } = activation.envelope;
    const state = (activation.json(VALUE) as Join | undefined) ?? UNOPENED;
    if (name === CYCLE_PROBE)
      return forwardCycleProbe(
        activation,
        consumersOfJoin((value) => activation.json(value)),
        control as CycleProbe,
      );
    if (name === "open") return save(activation, open(activation, state, control as Opening));
    const { index, ok, tally } = control as Slot;
    save(
      activation,
      fill(
        activation,
        { ...state, tally: addUsage(state.tally, tally) },
        { index, ok, text: setApart(activation, index, payload) },
      ),
    );
  },
};

/** Who waits for a join, as far as it has been opened; `read` gives its values. */
export function consumersOfJoin(read: (name: string) => Json | undefined): readonly Consumer[] {
  const { opening, over = true } = (read(VALUE) as Join | undefined) ?? {};
  const opened = opening === APART ? (read(OPENING) as Opening | undefined) : opening;
  return opened === undefined || over ? [] : opened.consumers;
}

function open(activation: Activation, state: Join, opening: Opening): Join {
  const slots = opening.segments.length - 1;
  const size =
    weighConsumers(opening.consumers) +
    opening.segments.reduce((sum, { length }) => sum + length, 0);
  if (size > LARGE) activation.write(OPENING, { json: opening });
  let opened: Join = {
    ...state,
    opening: size > LARGE ? APART : opening,
    early: [],
    texts: Array.from({ length: slots }, () => null),
    left: slots,
  };
  for (const slot of state.early) opened = fill(activation, opened, slot);
  return opened;
}

function fill(activation: Activation, state: Join, slot: Early): Join {
  const opening =
    state.opening === APART ? (activation.json(OPENING) as Opening | undefined) : state.opening;
  if (opening === undefined) return { ...state, early: [...state.early, slot] };
  const left = state.left - 1;
  const texts = state.texts.with(slot.index, slot.text);
  if (state.over) {
    billFlow(activation, state.tally, opening.flow);
    return { ...state, left, texts, tally: NO_USAGE };
  }
  if (!slot.ok)
    return finish(activation, { ...state, left, texts }, opening, {
      ok: false,
      text: textOf(activation, slot.text, slot.index),
    });
  if (left > 0) return { ...state, left, texts };
  return finish(
    activation,
    { ...state, left, texts },
    opening,
    whole(activation, opening.segments, texts),
  );
}

function whole(activation: Activation, segments: readonly string[], texts: Join["texts"]): Settled {
  const text = fillTemplate(
    segments,
    texts.map((slot, index) => textOf(activation, slot ?? "", index)),
  );
  const [size, limit] = [text.length, activation.environment.payloadLimit];
  if (size <= limit) return fulfilledSettlement(text);
  return rejectedWithCode(
    "PAYLOAD_TOO_LARGE",
    `the joined value has ${size} characters, the limit is ${limit}`,
    { size, limit },
  );
}

function finish(activation: Activation, state: Join, opening: Opening, settled: Settled): Join {
  const consumers = carryOrBillUsage(activation, opening.consumers, {
    tally: state.tally,
    flow: opening.flow,
  });
  deliverSettlement(activation, consumers, settled, opening.flow);
  return { ...state, over: true, tally: NO_USAGE };
}

function setApart(activation: Activation, index: number, text: Encoded): string | Apart {
  if (text.length <= LARGE) return text;
  activation.write(SLOTS[index] ?? "", { text });
  return APART;
}

function textOf(activation: Activation, text: string | Apart, index: number): Encoded {
  return text === APART
    ? (activation.read(SLOTS[index] ?? "")?.content.text ?? UNDEFINED)
    : (text as Encoded);
}

function save(activation: Activation, state: Join): void {
  if (state.opening === undefined || state.left > 0)
    return activation.write(VALUE, { json: state });
  activation.delete(VALUE);
  if (state.opening === APART) activation.delete(OPENING);
  for (const [index, text] of state.texts.entries())
    if (text === APART) activation.delete(SLOTS[index] ?? "");
}

/** A slot to be filled: the consumer that fills it is given to whatever will settle. */
type FillSlot = (slot: number, consumer: Consumer) => void;

/**
 * Opens a join over the holes of a template, as a tree where they are many, and says which consumer fills each hole.
 * A chunk of the template between holes is not itself JSON; only the root's text is.
 */
export function openJoin(
  activation: Activation,
  id: MessageId,
  opening: Opening,
  fillSlot: FillSlot,
): void {
  const { segments, flow } = opening;
  const slots = segments.length - 1;
  if (slots <= DEGREE) {
    for (let index = 0; index < slots; index++) fillSlot(index, { to: "slot", id, index });
    sendSystemMessage(activation, {
      target: systemAddress("join", id),
      name: "open",
      control: opening,
      fresh: true,
    });
    return;
  }
  let size = DEGREE;
  while (slots > size * DEGREE) size *= DEGREE;
  const outer: string[] = [];
  for (let start = 0, index = 0; start < slots; start += size, index++) {
    const end = Math.min(start + size, slots);
    // The chunk takes the text between its holes; the text before its first and after its last hole stays outside.
    outer.push(segments[start] ?? "");
    const inner = ["", ...segments.slice(start + 1, end), ""];
    const consumers: readonly Consumer[] = [{ to: "slot", id, index }];
    const chunk: Opening =
      flow === undefined ? { segments: inner, consumers } : { segments: inner, consumers, flow };
    openJoin(activation, childId(id, 0, index), chunk, (slot, consumer) =>
      fillSlot(start + slot, consumer),
    );
  }
  outer.push(segments[slots] ?? "");
  sendSystemMessage(activation, {
    target: systemAddress("join", id),
    name: "open",
    control: { ...opening, segments: outer },
    fresh: true,
  });
}
