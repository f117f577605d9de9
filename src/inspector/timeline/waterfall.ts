import { layoutAxis, placeOn } from "./axis.ts";
import type { Axis } from "./axis.ts";
import type { Mark, Row, Rows } from "./flow-rows.ts";
import { ticksOf } from "./ticks.ts";
import type { Tick } from "./ticks.ts";

/** A bar from its left edge, in px. */
export interface Bar {
  readonly x: number;
  readonly width: number;
}

/** A row as it is drawn. All of it is within the width of the axis. */
export interface PlacedRow {
  readonly row: Row;
  readonly bar: Bar | undefined;
  /** The blocked part of the bar, in its middle. */
  readonly blocked: Bar | undefined;
  readonly parked: Bar | undefined;
  readonly marks: readonly (Mark & { readonly x: number })[];
}

/** A waterfall as it is drawn. */
export interface Waterfall {
  readonly axis: Axis;
  readonly ticks: readonly Tick[];
  readonly rows: readonly PlacedRow[];
}

/** The least width of a run. */
export const LEAST_BAR_PX = 3;

/**
 * Lays out the rows of a flow on an axis of this width.
 *
 * - WF1 Nothing is outside of the axis.
 * - WF2 A run is at least {@link LEAST_BAR_PX} wide.
 * - WF3 Of two runs that no fold cuts, the longer one is at least as wide.
 */
export function layoutWaterfall({ rows, ...whole }: Rows, width: number): Waterfall {
  const runs = rows.flatMap(({ run }) => run ?? []);
  const axis = layoutAxis(runs, whole, width);
  return { axis, ticks: ticksOf(axis), rows: rows.map((row) => placeRow(row, axis)) };
}

function placeRow(row: Row, axis: Axis): PlacedRow {
  const bar = row.run && barOn(axis, row.run.from, row.run.to);
  return {
    row,
    bar,
    blocked: bar && blockedPart(row, bar),
    parked: row.parked && barOn(axis, row.parked.from, row.parked.to),
    marks: row.marks.map((mark) => ({ ...mark, x: placeOn(axis, mark.at) })),
  };
}

function barOn(axis: Axis, from: number, to: number): Bar {
  const begin = placeOn(axis, from);
  const width = Math.min(axis.width, Math.max(LEAST_BAR_PX, placeOn(axis, to) - begin));
  return { x: Math.min(begin, axis.width - width), width };
}

/** A history tells how long a run was blocked, and not when. */
function blockedPart({ run }: Row, { x, width }: Bar): Bar | undefined {
  if (run === undefined || run.blockedMs <= 0) return undefined;
  const share = Math.min(1, run.blockedMs / Math.max(run.to - run.from, run.blockedMs));
  return { x: x + (width * (1 - share)) / 2, width: width * share };
}
