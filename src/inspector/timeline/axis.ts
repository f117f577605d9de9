/** A stretch of time. Instants are in ms. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** A stretch of the axis. A folded one is drawn narrower than its time. */
export interface Segment extends Span {
  /** Its left edge, in px. */
  readonly x: number;
  readonly width: number;
  readonly isFolded: boolean;
}

/** A time axis from 0 to `width` px. Its segments follow each other without gaps. */
export interface Axis {
  readonly width: number;
  readonly segments: readonly Segment[];
}

/** An idle stretch is folded if it is longer than this share of the time in which handlers run. */
const IDLE_SHARE = 0.5;
/** A stretch within a run is folded if it is this many times as long as all other ones together. */
const LONG_RUN = 20;
/** The space at both sides of a folded stretch, as a share of the time in which handlers run. */
const PADDING = 0.05;
const ALL_PADDING = 0.3;
/** Folded stretches take at most this share of the width. */
const FOLDED_SHARE = 0.45;
const FOLD_PX = 24;
const WIDEST_FOLD_PX = 170;

interface Stretch extends Span {
  readonly isBusy: boolean;
  readonly isFolded: boolean;
}

/**
 * Lays out a time axis that draws the runs to scale. All stretches that are not folded have one scale.
 * A stretch in which nothing runs is folded if it would hide the runs, and so is the inner part of a
 * run that is far longer than all others.
 *
 * - WA1 The segments cover the whole span in order, and the whole width.
 * - WA2 All segments that are not folded have the same scale.
 *
 * @param runs - the stretches in which handlers run, in any order
 * @param whole - the time that the axis covers; runs outside of it do not count
 */
export function layoutAxis(runs: readonly Span[], whole: Span, width: number): Axis {
  const stretches = foldLong(cutAtEdges(runs, whole));
  const folds = stretches.filter(({ isFolded }) => isFolded);
  const kept = totalMs(stretches.filter(({ isFolded }) => !isFolded));
  if (kept === 0) return { width, segments: [{ ...whole, x: 0, width, isFolded: false }] };
  const wanted = folds.map((fold) => foldWidth(fold, kept));
  const sum = wanted.reduce((total, each) => total + each, 0);
  const shrink = Math.min(1, (FOLDED_SHARE * width) / Math.max(1, sum));
  const scale = (width - sum * shrink) / kept;
  const segments: Segment[] = [];
  let x = 0;
  for (const { from, to, isFolded } of joinKept(stretches)) {
    const px = isFolded ? foldWidth({ from, to }, kept) * shrink : (to - from) * scale;
    segments.push({ from, to, x, width: px, isFolded });
    x += px;
  }
  return { width, segments };
}

/** Returns the place of an instant on an axis. Instants outside of it are at its ends. */
export function placeOn({ segments, width }: Axis, at: number): number {
  for (const { from, to, x, width: px } of segments) {
    if (at <= from) return x;
    if (at <= to) return x + ((at - from) / (to - from)) * px;
  }
  return width;
}

/** Cuts the whole span at the edges of runs. */
function cutAtEdges(runs: readonly Span[], whole: Span): readonly Stretch[] {
  const inside = runs
    .map(({ from, to }) => ({ from: Math.max(from, whole.from), to: Math.min(to, whole.to) }))
    .filter(({ from, to }) => from < to);
  const edges = [...new Set([whole, ...inside].flatMap(({ from, to }) => [from, to]))];
  edges.sort((one, other) => one - other);
  const changes = new Map<number, number>();
  for (const { from, to } of inside) {
    changes.set(from, (changes.get(from) ?? 0) + 1);
    changes.set(to, (changes.get(to) ?? 0) - 1);
  }
  let running = 0;
  return edges.slice(0, -1).map((from, at) => {
    running += changes.get(from) ?? 0;
    return { from, to: edges[at + 1] ?? from, isBusy: running > 0, isFolded: false };
  });
}

/** Folds what would hide the rest. */
function foldLong(stretches: readonly Stretch[]): readonly Stretch[] {
  const busy = stretches.filter(({ isBusy }) => isBusy);
  if (busy.length === 0) return stretches;
  const folded = new Set<Stretch>();
  let kept = totalMs(busy);
  for (const stretch of busy.toSorted((one, other) => span(other) - span(one))) {
    const rest = kept - span(stretch);
    if (rest <= 0 || span(stretch) <= LONG_RUN * rest) break;
    folded.add(stretch);
    kept = rest;
  }
  for (const stretch of stretches)
    if (!stretch.isBusy && span(stretch) > IDLE_SHARE * kept) folded.add(stretch);
  const pad = kept * Math.min(PADDING, ALL_PADDING / Math.max(1, folded.size));
  return stretches.flatMap((stretch) => (folded.has(stretch) ? padFold(stretch, pad) : [stretch]));
}

/** Folds the inner part of a stretch. */
function padFold(stretch: Stretch, wanted: number): readonly Stretch[] {
  const pad = Math.min(wanted, span(stretch) / 4);
  const [begin, end] = [stretch.from + pad, stretch.to - pad];
  // Next to a long time, a short one may be too small for a number.
  if (!(stretch.from < begin && begin < end && end < stretch.to))
    return [{ ...stretch, isFolded: true }];
  return [
    { ...stretch, to: begin },
    { ...stretch, from: begin, to: end, isFolded: true },
    { ...stretch, from: end },
  ];
}

function joinKept(stretches: readonly Stretch[]): readonly Stretch[] {
  const joined: Stretch[] = [];
  for (const stretch of stretches) {
    const last = joined.at(-1);
    if (last === undefined || last.isFolded || stretch.isFolded) joined.push(stretch);
    else joined[joined.length - 1] = { ...last, to: stretch.to };
  }
  return joined;
}

/** A longer time has a wider fold, by the number of its digits. */
function foldWidth(fold: Span, kept: number): number {
  return Math.min(WIDEST_FOLD_PX, FOLD_PX * (1 + Math.log2(1 + span(fold) / kept) / 2));
}

function span({ from, to }: Span): number {
  return to - from;
}

function totalMs(stretches: readonly Span[]): number {
  return stretches.reduce((sum, stretch) => sum + span(stretch), 0);
}
