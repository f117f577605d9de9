import { html } from "hono/html";
import { shortened } from "../text/value-text.ts";
import { spanText } from "../text/time-words.ts";
import type { Markup } from "../text/markup.ts";
import { layoutWaterfall } from "../timeline/waterfall.ts";
import type { PlacedRow, Waterfall } from "../timeline/waterfall.ts";
import type { Rows } from "../timeline/flow-rows.ts";

/** The measures of a drawing, in px. */
interface Measures {
  /** Space for names at the left. 0: each name is above its bar. */
  readonly left: number;
  readonly right: number;
  readonly axis: number;
  /** Height of a row, and the place of its bar in it. */
  readonly row: number;
  readonly barY: number;
  /** Longest name and note together, in characters. */
  readonly letters: number;
}

const TOP = 46;
const BAR = 14;
const WIDE: Measures = { left: 252, right: 26, axis: 900, row: 30, barY: 5, letters: 33 };
const NARROW: Measures = { left: 8, right: 12, axis: 340, row: 45, barY: 22, letters: 46 };
/** Width of a character of labels. */
const LETTER_PX = 6.6;

/** Draws the rows of a flow, for a wide window and for a narrow one. */
export function drawWaterfall(rows: Rows, label: string): Markup {
  return html`${drawIn(rows, WIDE, { label, shape: "wide" })}${drawIn(rows, NARROW, { label, shape: "narrow" })}`;
}

function drawIn(
  rows: Rows,
  measures: Measures,
  { label, shape }: { readonly label: string; readonly shape: "wide" | "narrow" },
): Markup {
  const waterfall = layoutWaterfall(rows, measures.axis);
  const width = measures.left + measures.axis + measures.right;
  const height = TOP + measures.row * rows.rows.length + 10;
  return html`<svg
    class="waterfall ${shape}"
    viewBox="0 0 ${width} ${height}"
    role="img"
    aria-label="${label}"
  >
    <defs>
      <pattern
        id="hatch-${shape}"
        width="6"
        height="6"
        patternUnits="userSpaceOnUse"
        patternTransform="rotate(45)"
      >
        <rect width="6" height="6" class="hatch-back" />
        <line x1="0" y1="0" x2="0" y2="6" class="hatch-line" />
      </pattern>
    </defs>
    ${drawAxis(waterfall, measures, height)}
    ${waterfall.rows.map((row, at) => drawRow(row, measures, { y: TOP + at * measures.row, shape, width }))}
  </svg>`;
}

function drawAxis({ axis, ticks }: Waterfall, { left }: Measures, height: number): Markup {
  return html`${axis.segments.map(({ from, to, x, width, isFolded }) =>
    isFolded
      ? html`<rect
            class="fold"
            x="${px(left + x)}"
            y="20"
            width="${px(width)}"
            height="${height - 22}"
            ><title>${spanText(to - from)}, drawn shorter</title></rect
          >${
            spanText(to - from).length * LETTER_PX < width - 4
              ? html`<text
                  class="folded"
                  x="${px(left + x + width / 2)}"
                  y="12"
                  text-anchor="middle"
                  >${spanText(to - from)}</text
                >`
              : ""
          }`
      : "",
  )}${ticks.map(({ x, ms, isRelative }) => {
    const text = `${isRelative ? "+" : ""}${spanText(ms)}`;
    const isLast = x + text.length * LETTER_PX > axis.width + 12;
    return html`<line
        class="tick${isRelative ? " minor" : ""}"
        x1="${px(left + x)}"
        x2="${px(left + x)}"
        y1="20"
        y2="${height - 2}"
      /><text
        class="axis"
        x="${px(left + x + (isLast ? -4 : 4))}"
        y="32"
        ${isLast && html` text-anchor="end"`}
        >${text}</text
      >`;
  })}`;
}

interface Place {
  readonly y: number;
  readonly shape: "wide" | "narrow";
  readonly width: number;
}

function drawRow(placed: PlacedRow, measures: Measures, { y, shape, width }: Place): Markup {
  const { row, bar, blocked, parked, marks } = placed;
  const { left, barY } = measures;
  const top = y + barY;
  const kind = row.run?.outcome === "failed" || row.run?.outcome === "retries" ? "failed" : "run";
  const rule = y + measures.row - 3;
  return html`<g>
    <line
      class="rule"
      x1="0"
      x2="${width}"
      y1="${rule}"
      y2="${rule}"
    />${drawLabels(placed, measures, y)}
    ${parked && html`<rect class="parked ${row.parked?.why}" x="${px(left + parked.x)}" y="${top}" width="${px(parked.width)}" height="${BAR}" rx="3"><title>${parkedText(placed)}</title></rect>${drawWhy(placed, left, top)}`}
    ${bar && html`<rect class="${row.run?.outcome === "cancelled" ? "canceled" : kind}" x="${px(left + bar.x)}" y="${top}" width="${px(bar.width)}" height="${BAR}" rx="${bar.width < 8 ? 1 : 3}"><title>${runTitle(placed)}</title></rect>`}
    ${blocked && html`<rect class="blocked" fill="url(#hatch-${shape})" x="${px(left + blocked.x)}" y="${top}" width="${px(blocked.width)}" height="${BAR}"><title>blocked ${spanText(row.run?.blockedMs ?? 0)}</title></rect>`}
    ${marks.map(({ x, kind: mark, text }) => html`<circle class="mark ${mark}" cx="${px(left + x)}" cy="${top + BAR / 2}" r="4"><title>${text}</title></circle>`)}
  </g>`;
}

function drawLabels({ row }: PlacedRow, { left, letters, barY }: Measures, y: number): Markup {
  const name = shortened(row.function, letters);
  const note = shortened(row.note, Math.max(0, letters - name.length - 1));
  const [x, line] = left > 100 ? [row.isRoot ? 14 : 28, y + barY + 11] : [8, y + 17];
  const end = left > 100 ? left - 12 : 348;
  return html`<text class="name" x="${x}" y="${line}">${name}<title>${row.function}</title></text
    >${note.length > 3 && html`<text class="note" x="${end}" y="${line}" text-anchor="end">${note}</text>`}`;
}

/** Writes into a parked outline how long it waits, if there is space and no mark. */
function drawWhy({ row, bar, parked, marks }: PlacedRow, left: number, top: number): Markup | "" {
  if (parked === undefined || row.parked === undefined || marks.length > 0) return "";
  const text = `${WHY[row.parked.why]} ${spanText(row.parked.to - row.parked.from)}`;
  const begin = Math.max(parked.x, bar === undefined ? 0 : bar.x + bar.width);
  if (text.length * LETTER_PX > parked.x + parked.width - begin - 12) return "";
  return html`<text class="why" x="${px(left + begin + 8)}" y="${top + 11}">${text}</text>`;
}

const WHY = { waits: "waits", queued: "queued", paused: "paused" } as const;

function parkedText({ row: { parked } }: PlacedRow): string {
  return parked === undefined
    ? ""
    : `${WHY[parked.why]} ${spanText(parked.to - parked.from)}, costs nothing`;
}

function runTitle({ row: { function: type, run } }: PlacedRow): string {
  if (run === undefined) return type;
  const blocked = run.blockedMs > 0 ? `, blocked ${spanText(run.blockedMs)} of it` : "";
  return `${type}: billed ${spanText(run.to - run.from)}${blocked}${run.code === undefined ? "" : `, ${run.code}`}`;
}

function px(value: number): string {
  return String(Number(value.toFixed(1)));
}
