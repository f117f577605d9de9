import { stripVTControlCharacters } from "node:util";
import type { Paint } from "./paint.ts";

/** A table to print: the heads of its columns, and the cells row by row. */
export interface Table {
  readonly heads: readonly string[];
  /** Safe text, which may have colors. */
  readonly rows: readonly (readonly string[])[];
  /** Columns whose cells end at the same place, as numbers do. */
  readonly rightAligned?: readonly number[];
}

const GAP = "  ";
/** Characters that take two columns: those of East Asian scripts, and most emoji. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
const NO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}]$/u;

/** Draws a table with aligned columns, and without spaces at the ends of lines. */
export function drawTable({ heads, rows, rightAligned = [] }: Table, paint: Paint): string {
  const widths = heads.map((head, column) =>
    Math.max(...[head, ...rows.map((row) => row[column] ?? "")].map(textWidth)),
  );
  const line = (cells: readonly string[]): string =>
    widths
      .map((width, column) => {
        const cell = cells[column] ?? "";
        const space = " ".repeat(width - textWidth(cell));
        return rightAligned.includes(column) ? space + cell : cell + space;
      })
      .join(GAP)
      .trimEnd();
  const head = heads.map((text) => text.toUpperCase());
  return [paint("dim", line(head)), ...rows.map(line)].join("\n");
}

/** Draws names and values in two columns. */
export function drawFacts(facts: readonly (readonly [string, string])[], paint: Paint): string {
  const width = Math.max(...facts.map(([name]) => name.length));
  return facts.map(([name, text]) => `${paint("dim", name.padEnd(width))}${GAP}${text}`).join("\n");
}

/** Returns the number of columns that a text takes on a terminal. */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of stripVTControlCharacters(text))
    width += NO_WIDTH.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return width;
}
