import { placeOn } from "./axis.ts";
import type { Axis, Segment } from "./axis.ts";

/** A mark on the axis with its label. */
export interface Tick {
  readonly x: number;
  /** The time since the start of the axis, in ms, or since the `base`. */
  readonly ms: number;
  /** True if it counts from the last tick that does not. */
  readonly isRelative: boolean;
}

const LEAST_PX = 84;
/** Width of a label. */
const LABEL_PX = 54;
/** Steps in ms: seconds and less by 1, 2 and 5, then minutes, hours and days. */
const STEPS = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 120_000, 300_000,
  600_000, 1_800_000, 3_600_000, 7_200_000, 21_600_000, 43_200_000, 86_400_000,
];

/** Returns the ticks of an axis: one at each stretch to scale, and round times within long ones. */
export function ticksOf(axis: Axis): readonly Tick[] {
  const start = axis.segments[0]?.from ?? 0;
  const ticks: Tick[] = [];
  for (const segment of axis.segments) {
    if (segment.isFolded) continue;
    ticks.push({ x: segment.x, ms: segment.from - start, isRelative: false });
    const step = stepOf(segment);
    if (step === undefined) continue;
    const end = segment.x + segment.width - LABEL_PX;
    for (let ms = step; ; ms += step) {
      const x = placeOn(axis, segment.from + ms);
      if (segment.from + ms >= segment.to || x > end) break;
      ticks.push({ x, ms, isRelative: segment.from > start });
    }
  }
  return withSpace(ticks);
}

function stepOf({ from, to, width }: Segment): number | undefined {
  const perPx = (to - from) / width;
  return STEPS.find((step) => step >= perPx * LEAST_PX);
}

/** Leaves out ticks whose labels would touch the one before. */
function withSpace(ticks: readonly Tick[]): readonly Tick[] {
  let next = Number.NEGATIVE_INFINITY;
  return ticks.filter(({ x, isRelative }) => {
    const fits = x >= next;
    if (fits) next = x + (isRelative ? LEAST_PX : LEAST_PX * 0.75);
    return fits;
  });
}
