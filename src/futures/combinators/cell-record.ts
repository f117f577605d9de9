import type { Json } from "../../core/data/json.ts";
import type { UsageTotals } from "../../core/activation/meter.ts";
import type { Consumer } from "../protocol/consumer.ts";
import type { CancellationWatch } from "../protocol/cancellation-watch.ts";
import type { Settled } from "../protocol/settled.ts";

/** Consumers that came together, and the guard that lets them go. */
export type Subscriber = {
  readonly consumers: readonly Consumer[];
  readonly guard?: CancellationWatch;
};

/** What is kept of a cell. */
export type CellRecord = {
  /** It was made by its owner, not by a subscriber that came first. */
  readonly made: boolean;
  readonly subscribers: readonly Subscriber[];
  readonly settled: Settled | undefined;
  /** It was cancelled before it was settled. */
  readonly cancelled: boolean;
  /** Its own guard. */
  readonly guard: CancellationWatch | undefined;
  /** Guards given to subscribers so far. */
  readonly guards: number;
  /** Subscribers that came first wait for the deadline. */
  readonly expiring: boolean;
  /** Its spilled consumers were let go; what is to settle it is still to come. */
  readonly left: boolean;
  readonly tally: UsageTotals | undefined;
  /** Instant until which the settlement is kept at least. */
  readonly retainUntil: number;
  /** Digests of the tokens that may settle it. */
  readonly digests: readonly string[];
  /** Nobody but the subscribers it has will ask. */
  readonly released: boolean;
  /** A handler that blocks has let something out here, and may ask again after a crash. */
  readonly gate: boolean;
  readonly flow: string | undefined;
  /** Its scope belongs to no flow. */
  readonly detached: boolean;
};

/** Token of a cell's own guard. */
export const OWN_GUARD = "own";

/** Name of the value. */
export const CELL_VALUE = "cell";

/** One of which nothing is kept. */
export const NO_CELL: CellRecord = {
  made: false,
  subscribers: [],
  settled: undefined,
  cancelled: false,
  guard: undefined,
  guards: 0,
  expiring: false,
  left: false,
  tally: undefined,
  retainUntil: 0,
  digests: [],
  released: false,
  gate: false,
  flow: undefined,
  detached: false,
};

/** What is true of a cell, as bits of one number. */
const FLAGS = {
  made: 1,
  cancelled: 2,
  expiring: 4,
  left: 8,
  released: 16,
  gate: 32,
  detached: 64,
} as const;

/**
 * Stands for what is not there, and for what goes by the number of the flow at the head of the
 * cell's id.
 */
const ABSENT = 0;
const OWN = 1;
type Absent = typeof ABSENT;
type Own = typeof OWN;

/**
 * A cell as a list: very many may wait at a time, so they are kept short. What most have nothing of
 * comes last, or not at all.
 */
type Stored = readonly [
  flags: number,
  retainUntil: number,
  subscribers: readonly Subscriber[],
  digests: readonly string[],
  flow: string | Own | Absent,
  guard: CancellationWatch | Own | Absent,
  settled?: Settled | Absent,
  tally?: UsageTotals | Absent,
  guards?: number,
];

/** The cell as it is kept; `number` is that of the flow at the head of its id. */
export function encodeCell(cell: CellRecord, number: string): Json {
  const { retainUntil, subscribers, digests, flow, guard, settled, tally, guards } = cell;
  const keptFlow = flow === undefined ? ABSENT : flow === number ? OWN : flow;
  const keptGuard =
    guard === undefined ? ABSENT : guard[0] === number && guard[1] === OWN_GUARD ? OWN : guard;
  const usual = [flagsOf(cell), retainUntil, subscribers, digests, keptFlow, keptGuard] as const;
  if (settled === undefined && tally === undefined && guards === 0) return usual;
  return [...usual, settled ?? ABSENT, tally ?? ABSENT, guards];
}

/** Reads what {@link encodeCell} gave. */
export function decodeCell(kept: Json, number: string): CellRecord {
  const [
    flags,
    retainUntil,
    subscribers,
    digests,
    flow,
    guard,
    settled = ABSENT,
    tally = ABSENT,
    guards = 0,
  ] = kept as Stored;
  return {
    made: (flags & FLAGS.made) !== 0,
    subscribers,
    settled: settled === ABSENT ? undefined : settled,
    cancelled: (flags & FLAGS.cancelled) !== 0,
    guard: guard === ABSENT ? undefined : guard === OWN ? [number, OWN_GUARD] : guard,
    guards,
    expiring: (flags & FLAGS.expiring) !== 0,
    left: (flags & FLAGS.left) !== 0,
    tally: tally === ABSENT ? undefined : tally,
    retainUntil,
    digests,
    released: (flags & FLAGS.released) !== 0,
    gate: (flags & FLAGS.gate) !== 0,
    flow: flow === ABSENT ? undefined : flow === OWN ? number : flow,
    detached: (flags & FLAGS.detached) !== 0,
  };
}

function flagsOf(cell: CellRecord): number {
  let flags = 0;
  if (cell.made) flags |= FLAGS.made;
  if (cell.cancelled) flags |= FLAGS.cancelled;
  if (cell.expiring) flags |= FLAGS.expiring;
  if (cell.left) flags |= FLAGS.left;
  if (cell.released) flags |= FLAGS.released;
  if (cell.gate) flags |= FLAGS.gate;
  if (cell.detached) flags |= FLAGS.detached;
  return flags;
}
