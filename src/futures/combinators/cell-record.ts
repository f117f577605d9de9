import type { Json } from "../../core/data/json.ts";
import type { UsageTotals } from "../../core/activation/meter.ts";
import type { Consumer } from "../protocol/consumer.ts";
import type { CancellationWatch } from "../protocol/cancellation-watch.ts";
import type { Settled } from "../protocol/settled.ts";

/** Consumers that subscribed together, and the cancellation watch that releases them. */
export type Subscriber = {
  readonly consumers: readonly Consumer[];
  readonly guard?: CancellationWatch;
  /** The scope of the work that will settle the cell, if that is not the cell's own. */
  readonly within?: string;
};

/** The state of a cell. */
export type CellRecord = {
  /** Its creator's message has arrived. */
  readonly made: boolean;
  readonly subscribers: readonly Subscriber[];
  readonly settled: Settled | undefined;
  /** It was canceled before it settled. */
  readonly cancelled: boolean;
  /** Its own cancellation watch. */
  readonly guard: CancellationWatch | undefined;
  /** Number of watches given to subscribers so far. */
  readonly guards: number;
  /** Its subscribers came before its creator, and wait until a deadline. */
  readonly expiring: boolean;
  /** Its spilled consumers were released, and its settlement is still to come. */
  readonly left: boolean;
  readonly tally: UsageTotals | undefined;
  /** Earliest instant at which the settlement may be deleted. */
  readonly retainUntil: number;
  /** Digests of the tokens that may settle it. */
  readonly digests: readonly string[];
  /** It will get no more subscribers. */
  readonly released: boolean;
  /**
   * It is a gate: a blocked handler sent messages through it, and may do so again after a crash.
   */
  readonly gate: boolean;
  readonly flow: string | undefined;
  /** Its scope belongs to no flow. */
  readonly detached: boolean;
  /** It was canceled, and the work that was to settle it has not ended. */
  readonly working: boolean;
  /** Subscribers of a canceled cell that wait until its work has ended. */
  readonly late: readonly Subscriber[];
};

/** Token of a cell's own watch. */
export const OWN_GUARD = "own";

/** Token of the message that ends the wait for a creator. */
export const EXPIRE = "expire";

/** Name of the value. */
export const CELL_VALUE = "cell";

/** A cell without stored state. */
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
  working: false,
  late: [],
};

/** The flags of a cell, as bits of one number. */
const FLAGS = {
  made: 1,
  cancelled: 2,
  expiring: 4,
  left: 8,
  released: 16,
  gate: 32,
  detached: 64,
  working: 128,
} as const;

/** Codes of an absent field, and of one that equals the flow's number in the cell's id. */
const ABSENT = 0;
const OWN = 1;
type Absent = typeof ABSENT;
type Own = typeof OWN;

/**
 * A cell as a short list, because very many may wait at a time. Rare fields come last, or are
 * absent.
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
  late?: readonly Subscriber[],
];

/** Encodes a cell. `number` is the flow's number in the cell's id. */
export function encodeCell(cell: CellRecord, number: string): Json {
  const { retainUntil, subscribers, digests, flow, guard, settled, tally, guards, late } = cell;
  const keptFlow = flow === undefined ? ABSENT : flow === number ? OWN : flow;
  const keptGuard =
    guard === undefined ? ABSENT : guard[0] === number && guard[1] === OWN_GUARD ? OWN : guard;
  const usual = [flagsOf(cell), retainUntil, subscribers, digests, keptFlow, keptGuard] as const;
  if (settled === undefined && tally === undefined && guards + late.length === 0) return usual;
  const rare = [...usual, settled ?? ABSENT, tally ?? ABSENT, guards] as const;
  return late.length === 0 ? rare : [...rare, late];
}

/** Decodes the result of {@link encodeCell}. */
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
    late = [],
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
    working: (flags & FLAGS.working) !== 0,
    late,
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
  if (cell.working) flags |= FLAGS.working;
  return flags;
}
