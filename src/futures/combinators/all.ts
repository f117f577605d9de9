import type { Activation } from "../../core/activation/activation.ts";
import type { Definition } from "../../core/activation/definition.ts";
import { addUsage, NO_USAGE } from "../../core/activation/meter.ts";
import type { UsageTotals } from "../../core/activation/meter.ts";
import { UNDEFINED } from "../../core/codec/encoded.ts";
import type { Encoded } from "../../core/codec/encoded.ts";
import { fillTemplate } from "../../core/codec/template.ts";
import { childId } from "../../core/message/message-id.ts";
import type { MessageId } from "../../core/message/message-id.ts";
import { combinatorFunction, OPEN, planOf, readVersioned } from "../protocol/combinator.ts";
import type { Combinator, Compiled, ReadValue } from "../protocol/combinator.ts";
import { branchConsumer, isCall, toLate, weighConsumers } from "../protocol/consumer.ts";
import type { BranchConsumer, Consumer } from "../protocol/consumer.ts";
import { forwardCycleProbe } from "../protocol/cycle-detection.ts";
import { billFlow, carryOrBillUsage, deliverSettlement } from "../protocol/deliver.ts";
import type { Graph } from "../protocol/graph.ts";
import { addConsumer, addTakers } from "../protocol/node.ts";
import type { Need, Node, Plan, Template } from "../protocol/node.ts";
import { cancelledSettlement, fulfilledSettlement, rejectedWithCode } from "../protocol/settled.ts";
import type { Settled } from "../protocol/settled.ts";
import { sendControl } from "../protocol/system.ts";
import { jointEnding } from "../types/run-ending.ts";
import type { RunEnding } from "../types/run-ending.ts";

/**
 * `all`: fills the holes of a text as its branches settle, then delivers the whole. `ctx.all`,
 * `ctx.allSettled`, `after`, and any input or result that holds several futures are of this kind.
 *
 * J1 A branch may settle before the opening message arrives.
 * J2 The first rejection is delivered at once. Later arrivals are counted and dropped. In a canceled
 * scope it waits for all branches, because work may still be running for one of them.
 * J3 An instance is deleted once it was opened and all branches have arrived, and no sooner: a late
 * one would create it again.
 * J4 An instance has at most DEGREE branches. More of them form a tree, so n branches cost O(n)
 * although state is whole-value.
 * J5 The usage of all branches travels on with the outcome. That of branches after a rejection goes
 * to the flow.
 * J6 Each arrival rewrites the state, so large texts are values of their own and are written once.
 * J7 A large text that would make the whole too large counts as a rejection, so the texts that are
 * stored together are hardly longer than a value may be.
 */

const DEGREE = 16;
/** Longer texts are kept in a value of their own. */
const LARGE = 512;
/** Marks a text that is kept in a value of its own. */
const APART = 0;
type Apart = typeof APART;

/** Version of the stored state. Version 0 had no number. */
const FORMAT = 1;

/** Opens an instance: `segments` has one entry more than there are branches. */
type OpenAll = {
  readonly segments: readonly string[];
  readonly consumers: readonly Consumer[];
  readonly flow?: string;
};

/** A branch that settled before the opening message. */
type EarlyBranch = {
  readonly index: number;
  readonly ok: boolean;
  readonly text: string | Apart;
  readonly late?: true | undefined;
  readonly run?: RunEnding | undefined;
};

type AllState = {
  readonly v?: number;
  readonly opening?: OpenAll | Apart | undefined;
  readonly early: readonly EarlyBranch[];
  readonly texts: readonly (string | Apart | null)[];
  readonly left: number;
  readonly over: boolean;
  readonly tally: UsageTotals;
  /** Its scope was canceled. */
  readonly late?: true | undefined;
  /** The branch whose rejection waits for the others. */
  readonly rejected?: number | undefined;
  /** The ending of the work so far, if a branch was canceled. */
  readonly run?: RunEnding | undefined;
};

/** It has all fields that are set later: see `consumer.ts`. */
const UNOPENED: AllState = {
  v: FORMAT,
  opening: undefined,
  early: [],
  texts: [],
  left: 0,
  over: false,
  tally: NO_USAGE,
  late: undefined,
};
const VALUE = "join";
const OPENING = "opening";
const TEXTS = Array.from({ length: DEGREE }, (_, index) => `slot${index}`);

/** The function type of instances, and that of releases that called them joins. */
const TYPE = "_sys/all";
const FORMER_TYPE = "_sys/join";

function readAll(activation: Activation): AllState {
  return readVersioned<AllState>(activation, VALUE, FORMAT) ?? UNOPENED;
}

function definitionOf(type: string): Definition {
  return combinatorFunction<OpenAll>({
    type,
    valueNames: [VALUE, OPENING, ...TEXTS],
    open: (activation, opening) =>
      saveAll(activation, openAll(activation, readAll(activation), opening)),
    settle(activation, { index, ok, tally, late, run }) {
      const state = readAll(activation);
      const settled = withinLimit(activation, state, { ok, text: activation.envelope.payload });
      const text = setTextApart(activation, index, settled.text);
      const branch = { index, ok: settled.ok, text, late, run };
      const counted = { ...state, tally: addUsage(state.tally, tally) };
      saveAll(activation, fillBranch(activation, counted, branch));
    },
    probe(activation, probe) {
      const consumers = consumersOfAll((value) => activation.json(value));
      forwardCycleProbe(activation, consumers, probe);
    },
  });
}

/** The combinator of `ctx.all` and `ctx.allSettled`. */
export const all: Combinator<Pick<Template, "segments">> = {
  kind: "all",
  definitions: [definitionOf(TYPE), definitionOf(FORMER_TYPE)],
  methods: {
    all: (context, futures: unknown) => context.add(listPlan(context.needs(futures, "all"))),
    allSettled: (context, futures: unknown) =>
      context.add(listPlan(context.needs(futures, "allSettled", "settlement"))),
  },
  compile: (graph, node, { needs, details }, compiled) =>
    sendAll(graph, node, { needs, segments: details.segments }, compiled),
  consumersAt: consumersOfAll,
  describe: () => ({ kind: "all", name: "" }),
};

/** Plans a value that is known but for the futures in it. */
export function templatePlan({ segments, needs }: Template): Plan {
  if (needs.length > 0) return planOf(all, needs, { segments });
  return { kind: "settled", settled: fulfilledSettlement((segments[0] ?? UNDEFINED) as Encoded) };
}

/** Plans a list of the needs' values. */
export function listPlan(needs: readonly Need[]): Plan {
  return templatePlan({ segments: listSegments(needs.length), needs });
}

/** Returns the text around the holes of a list of `length` values. */
export function listSegments(length: number): readonly string[] {
  if (length === 0) return ["[]"];
  return ["[", ...Array.from({ length: length - 1 }, () => ","), "]"];
}

function consumersOfAll(read: ReadValue): readonly Consumer[] {
  const { opening, over = true } = (read(VALUE) as AllState | undefined) ?? {};
  const opened = opening === APART ? (read(OPENING) as OpenAll | undefined) : opening;
  return opened === undefined || over ? [] : opened.consumers;
}

/** Sends the messages for a text whose holes are futures. */
export function sendAll(
  graph: Graph,
  node: Node,
  { segments, needs }: Template,
  { scope, consumers }: Compiled,
): void {
  const { activation, flow } = graph;
  const [first] = needs;
  const isWhole = segments.every((segment) => segment === "");
  if (needs.length === 1 && first?.want === undefined && isWhole && first !== undefined) {
    // The whole value is one future: a tail call.
    return addTakers(first.node, scope, consumers);
  }
  const opening = flow === undefined ? { segments, consumers } : { segments, consumers, flow };
  sendOpenAll(activation, node.id, opening, (branch, consumer) => {
    const need = needs[branch];
    if (need !== undefined) addConsumer(need, scope, consumer);
  });
}

/** Returns the consumer that fills hole `index` of an instance opened with `branches` holes. */
export function branchOfAll(id: MessageId, branches: number, index: number): BranchConsumer {
  if (branches <= DEGREE) return branchConsumer(all.kind, id, index);
  const size = chunkSize(branches);
  const chunk = Math.floor(index / size);
  const inChunk = Math.min(size, branches - chunk * size);
  return branchOfAll(childId(id, 0, chunk), inChunk, index - chunk * size);
}

/** Returns the number of holes below each branch of a tree's root. */
function chunkSize(branches: number): number {
  let size = DEGREE;
  while (branches > size * DEGREE) size *= DEGREE;
  return size;
}

/** Gives a branch its consumer: `consumer` fills the hole of index `branch`. */
type AssignBranch = (branch: number, consumer: BranchConsumer) => void;

/**
 * Opens an instance over the holes of a template, as a tree if there are many. A chunk of the
 * template between holes is not itself JSON; only the text of the root is.
 */
export function sendOpenAll(
  activation: Activation,
  id: MessageId,
  opening: OpenAll,
  assign: AssignBranch,
): void {
  const { segments, flow } = opening;
  const branches = segments.length - 1;
  const target = { type: TYPE, id };
  if (branches <= DEGREE) {
    for (let index = 0; index < branches; index++)
      assign(index, branchConsumer(all.kind, id, index));
    return sendControl(activation, { target, name: OPEN, control: opening, fresh: true });
  }
  const size = chunkSize(branches);
  const outer: string[] = [];
  for (let start = 0, index = 0; start < branches; start += size, index++) {
    const end = Math.min(start + size, branches);
    // A chunk takes the text between its holes. The text before its first and after its last hole
    // stays outside.
    outer.push(segments[start] ?? "");
    const inner = ["", ...segments.slice(start + 1, end), ""];
    const consumers = [branchConsumer(all.kind, id, index)];
    const chunk: OpenAll =
      flow === undefined ? { segments: inner, consumers } : { segments: inner, consumers, flow };
    sendOpenAll(activation, childId(id, 0, index), chunk, (branch, consumer) =>
      assign(start + branch, consumer),
    );
  }
  outer.push(segments[branches] ?? "");
  const control = { ...opening, segments: outer };
  sendControl(activation, { target, name: OPEN, control, fresh: true });
}

function openAll(activation: Activation, state: AllState, opening: OpenAll): AllState {
  const branches = opening.segments.length - 1;
  const texts = opening.segments.reduce((sum, { length }) => sum + length, 0);
  const isLarge = weighConsumers(opening.consumers) + texts > LARGE;
  if (isLarge) activation.write(OPENING, { json: opening });
  let opened: AllState = {
    ...state,
    opening: isLarge ? APART : opening,
    early: [],
    texts: Array.from({ length: branches }, () => null),
    left: branches,
  };
  for (const branch of state.early) opened = fillBranch(activation, opened, branch);
  return opened;
}

function fillBranch(activation: Activation, state: AllState, branch: EarlyBranch): AllState {
  const opening =
    state.opening === APART ? (activation.json(OPENING) as OpenAll | undefined) : state.opening;
  if (opening === undefined) return { ...state, early: [...state.early, branch] };
  const left = state.left - 1;
  const late = state.late ?? branch.late;
  if (state.over) {
    billFlow(activation, state.tally, opening.flow);
    // Nothing reads the values that come after the outcome.
    if (branch.text === APART) activation.delete(TEXTS[branch.index] ?? "");
    return { ...state, left, late, tally: NO_USAGE };
  }
  const texts = state.texts.with(branch.index, branch.text);
  const filled: AllState = { ...state, left, texts, late };
  if (late === true) return fillLate(activation, filled, opening, branch);
  if (!branch.ok) {
    const text = readText(activation, branch.text, branch.index);
    return finishAll(activation, filled, opening, { ok: false, text });
  }
  if (left > 0) return filled;
  return finishAll(activation, filled, opening, wholeText(activation, opening.segments, texts));
}

/** Fills a branch of an instance whose scope was canceled. The last one settles it. */
function fillLate(
  activation: Activation,
  state: AllState,
  opening: OpenAll,
  { index, ok, run: ending }: EarlyBranch,
): AllState {
  const rejected = state.rejected ?? (ok ? undefined : index);
  const before = state.run ?? (hasValueBeside(state, index) ? "fulfilled" : undefined);
  const run =
    ending === undefined && state.run === undefined
      ? undefined
      : jointEnding(before, ending ?? "fulfilled");
  const filled: AllState = { ...state, rejected, run };
  if (filled.left > 0) return filled;
  const usage = { tally: state.tally, flow: opening.flow };
  const consumers = carryOrBillUsage(activation, toLate(opening.consumers), usage);
  const whole = wholeText(activation, opening.segments, filled.texts);
  const outcome = run === undefined ? whole : cancelledSettlement("the joined future", run);
  for (const consumer of consumers) {
    // This joins the input of a function that cleans up, and not only its outcome.
    const isInput =
      isCall(consumer) && consumer.settles !== undefined && consumer.want === undefined;
    const settled = isInput && rejected === undefined ? whole : outcome;
    deliverSettlement(activation, [consumer], settled, opening.flow);
  }
  return { ...filled, over: true, tally: NO_USAGE };
}

function hasValueBeside({ texts }: AllState, index: number): boolean {
  return texts.some((text, at) => text !== null && at !== index);
}

function wholeText(
  activation: Activation,
  segments: readonly string[],
  texts: AllState["texts"],
): Settled {
  const text = fillTemplate(
    segments,
    texts.map((each, index) => readText(activation, each ?? "", index)),
  );
  const [size, limit] = [text.length, activation.environment.payloadLimit];
  return size <= limit ? fulfilledSettlement(text) : tooLarge(size, limit);
}

/** Returns the settlement of a branch, or a rejection if the texts so far leave no room for it. */
function withinLimit(activation: Activation, state: AllState, settled: Settled): Settled {
  if (!settled.ok || state.over || settled.text.length <= LARGE) return settled;
  const size = TEXTS.reduce(
    (sum, name) => sum + (activation.read(name)?.content.text?.length ?? 0),
    settled.text.length,
  );
  const limit = activation.environment.payloadLimit;
  return size <= limit ? settled : tooLarge(size, limit);
}

function tooLarge(size: number, limit: number): Settled {
  const why = `the joined value has ${size} characters, the limit is ${limit}`;
  return rejectedWithCode("PAYLOAD_TOO_LARGE", why, { size, limit });
}

function finishAll(
  activation: Activation,
  state: AllState,
  opening: OpenAll,
  settled: Settled,
): AllState {
  const usage = { tally: state.tally, flow: opening.flow };
  const consumers = carryOrBillUsage(activation, opening.consumers, usage);
  deliverSettlement(activation, consumers, settled, opening.flow);
  deleteTexts(activation, state);
  return { ...state, texts: state.texts.map(() => null), over: true, tally: NO_USAGE };
}

function setTextApart(activation: Activation, index: number, text: Encoded): string | Apart {
  if (text.length <= LARGE) return text;
  activation.write(TEXTS[index] ?? "", { text });
  return APART;
}

function readText(activation: Activation, text: string | Apart, index: number): Encoded {
  if (text !== APART) return text as Encoded;
  return activation.read(TEXTS[index] ?? "")?.content.text ?? UNDEFINED;
}

function saveAll(activation: Activation, state: AllState): void {
  if (state.opening === undefined || state.left > 0)
    return activation.write(VALUE, { json: { ...state, v: FORMAT } });
  activation.delete(VALUE);
  if (state.opening === APART) activation.delete(OPENING);
  deleteTexts(activation, state);
}

function deleteTexts(activation: Activation, { texts }: AllState): void {
  for (const [index, text] of texts.entries())
    if (text === APART) activation.delete(TEXTS[index] ?? "");
}
