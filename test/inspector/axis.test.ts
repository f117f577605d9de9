import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { layoutAxis, placeOn } from "../../src/inspector/timeline/axis.ts";
import type { Span } from "../../src/inspector/timeline/axis.ts";
import { layoutWaterfall, LEAST_BAR_PX } from "../../src/inspector/timeline/waterfall.ts";
import type { Row, Rows } from "../../src/inspector/timeline/flow-rows.ts";
import { ticksOf } from "../../src/inspector/timeline/ticks.ts";

const MONTH_MS = 30 * 86_400_000;
const START = Date.UTC(2030, 0, 1);
const WIDTH = 900;

/** Runs of a fraction of a millisecond to a day, with gaps of up to months between them. */
const runs: fc.Arbitrary<readonly Span[]> = fc
  .array(
    fc.record({
      gap: fc.oneof(fc.constant(0), fc.nat(200), fc.nat(10_000), fc.nat(4 * MONTH_MS)),
      length: fc.oneof(
        fc.constant(0),
        fc.double({ min: 0.01, max: 50, noNaN: true }),
        fc.nat(5_000),
        fc.nat(86_400_000),
      ),
      isParallel: fc.boolean(),
    }),
    { maxLength: 40 },
  )
  .map((parts) => {
    let at = START;
    return parts.map(({ gap, length, isParallel }) => {
      const from = at + gap;
      if (!isParallel) at = from + length;
      return { from, to: from + length };
    });
  });

function wholeOf(spans: readonly Span[]): Span {
  return { from: START, to: Math.max(START, ...spans.map(({ to }) => to)) };
}

function rowOf(span: Span): Row {
  return {
    function: "shop/charge",
    note: "",
    isRoot: false,
    run: { ...span, outcome: "returned", code: undefined, blockedMs: (span.to - span.from) / 2 },
    parked: { from: span.to, to: span.to + 1_000, why: "waits" },
    marks: [{ at: span.to, kind: "note", text: "timer fired" }],
  };
}

function rowsOfSpans(spans: readonly Span[]): Rows {
  return {
    ...wholeOf(spans),
    rows: spans.map(rowOf),
    missing: 0,
    functions: 1,
    runs: spans.length,
  };
}

describe("the time axis", () => {
  test("covers the whole time and the whole width, in order and without gaps (WA1)", () => {
    fc.assert(
      fc.property(runs, (spans) => {
        const whole = wholeOf(spans);
        const { segments } = layoutAxis(spans, whole, WIDTH);
        expect(segments[0]).toMatchObject({ from: whole.from, x: 0 });
        expect(segments.at(-1)?.to).toBe(whole.to);
        let x = 0;
        for (const [at, segment] of segments.entries()) {
          expect(segment.x).toBeCloseTo(x, 6);
          expect(segment.width).toBeGreaterThanOrEqual(0);
          expect(segment.from).toBe(segments[at - 1]?.to ?? whole.from);
          x += segment.width;
        }
        expect(x).toBeCloseTo(WIDTH, 6);
      }),
    );
  });

  test("has one scale for all that is not folded (WA2)", () => {
    fc.assert(
      fc.property(runs, (spans) => {
        const kept = layoutAxis(spans, wholeOf(spans), WIDTH).segments.filter(
          ({ isFolded, from, to }) => !isFolded && to > from,
        );
        const scales = kept.map(({ from, to, width }) => width / (to - from));
        for (const scale of scales) expect(scale / (scales[0] ?? 1)).toBeCloseTo(1, 6);
      }),
    );
  });

  test("keeps the order of instants", () => {
    fc.assert(
      fc.property(runs, fc.array(fc.double({ min: 0, max: 1, noNaN: true })), (spans, shares) => {
        const whole = wholeOf(spans);
        const axis = layoutAxis(spans, whole, WIDTH);
        const instants = shares.map((share) => whole.from + share * (whole.to - whole.from));
        const places = instants
          .toSorted((one, other) => one - other)
          .map((at) => placeOn(axis, at));
        expect(places).toEqual(places.toSorted((one, other) => one - other));
        for (const place of places) expect(place >= 0 && place <= WIDTH + 1e-6).toBe(true);
      }),
    );
  });

  test("folds a month that would hide runs of 20 ms", () => {
    const spans = [
      { from: START, to: START + 20 },
      { from: START + MONTH_MS, to: START + MONTH_MS + 20 },
    ];
    const axis = layoutAxis(spans, wholeOf(spans), WIDTH);
    expect(axis.segments.map(({ isFolded }) => isFolded)).toEqual([false, true, false]);
    for (const { from, to } of spans)
      expect(placeOn(axis, to) - placeOn(axis, from)).toBeGreaterThan(WIDTH / 4);
  });

  test("folds the inner part of a run of an hour beside runs of 20 ms", () => {
    const spans = [
      { from: START, to: START + 20 },
      { from: START + 20, to: START + 3_600_020 },
      { from: START + 3_600_020, to: START + 3_600_040 },
    ];
    const axis = layoutAxis(spans, wholeOf(spans), WIDTH);
    expect(axis.segments.map(({ isFolded }) => isFolded)).toEqual([false, true, false]);
    expect(placeOn(axis, START + 20)).toBeGreaterThan(WIDTH / 5);
  });

  test("has ticks at the edges of folds, with space between their labels", () => {
    fc.assert(
      fc.property(runs, (spans) => {
        const ticks = ticksOf(layoutAxis(spans, wholeOf(spans), WIDTH));
        expect(ticks.length).toBeLessThan(40);
        for (const [at, { x }] of ticks.entries()) {
          expect(x >= 0 && x <= WIDTH + 1e-6).toBe(true);
          if (at > 0) expect(x - (ticks[at - 1]?.x ?? 0)).toBeGreaterThanOrEqual(60);
        }
      }),
    );
  });
});

describe("a waterfall", () => {
  test("draws nothing outside of the axis, and no run too narrow to see (WF1, WF2)", () => {
    fc.assert(
      fc.property(runs, (spans) => {
        for (const { bar, blocked, parked, marks } of layoutWaterfall(rowsOfSpans(spans), WIDTH)
          .rows) {
          expect(bar?.width).toBeGreaterThanOrEqual(LEAST_BAR_PX);
          for (const each of [bar, blocked, parked]) {
            if (each === undefined) continue;
            expect(each.x).toBeGreaterThanOrEqual(0);
            expect(each.x + each.width).toBeLessThanOrEqual(WIDTH + 1e-6);
          }
          if (bar && blocked) expect(blocked.width).toBeLessThanOrEqual(bar.width);
          for (const { x } of marks) expect(x >= 0 && x <= WIDTH + 1e-6).toBe(true);
        }
      }),
    );
  });

  test("draws the longer of two runs at least as wide (WF3)", () => {
    fc.assert(
      fc.property(runs, (spans) => {
        const { axis, rows } = layoutWaterfall(rowsOfSpans(spans), WIDTH);
        const isCut = ({ from, to }: Span): boolean =>
          axis.segments.some((fold) => fold.isFolded && fold.from < to && fold.to > from);
        const whole = spans.flatMap((span, at) => (isCut(span) ? [] : [{ span, row: rows[at] }]));
        const byLength = whole.toSorted(
          ({ span: one }, { span: other }) => one.to - one.from - (other.to - other.from),
        );
        for (const [at, { row }] of byLength.entries())
          expect((row?.bar?.width ?? 0) + 1e-3).toBeGreaterThanOrEqual(
            byLength[at - 1]?.row?.bar?.width ?? 0,
          );
      }),
    );
  });

  test("draws the blocked part of a run in proportion, in its middle", () => {
    const [placed] = layoutWaterfall(rowsOfSpans([{ from: START, to: START + 100 }]), WIDTH).rows;
    expect(placed?.bar).toEqual({ x: 0, width: WIDTH });
    expect(placed?.blocked).toEqual({ x: WIDTH / 4, width: WIDTH / 2 });
  });
});
