import { stateful, value } from "../../src/index.ts";
import { recordEffect } from "../client/ledger-writer.ts";
import type { Place } from "./kind.ts";

const OPERATIONS_A_PAGE = 20;

/** Counts the parts of operations. Each must have the count one, however often its code ran. */
export const operationLog = stateful("battery/book", {
  state: { lines: value<Record<string, number>>({}) },
  handlers: {
    note(ctx, { op, part }: Line): string {
      recordEffect(ctx, { op, part });
      const line = lineOf(op, part);
      ctx.state.lines[line] = (ctx.state.lines[line] ?? 0) + 1;
      return part;
    },
  },
});

/** A part of an operation. */
export interface Line {
  readonly op: number;
  readonly part: string;
}

/** Returns the name of a part's count. */
export function lineOf(op: number, part: string): string {
  return `${op} ${part}`;
}

/** Returns the id of the log page of an operation. A few operations share a page. */
export function pageOf(op: number): string {
  return `page ${Math.floor(op / OPERATIONS_A_PAGE)}`;
}

/** Returns a page as a state. */
export function placeOfPage(page: string): Place {
  return { of: operationLog, id: page };
}
