import { stateful, value } from "../../src/index.ts";
import { recordEffect } from "../client/ledger-writer.ts";
import type { Place } from "./kind.ts";

const OPERATIONS_A_PAGE = 20;

/** Counts what operations did, part by part: each must come to one, however often its code ran. */
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

/** Part of an operation. */
export interface Line {
  readonly op: number;
  readonly part: string;
}

/** Where a part is counted. */
export function lineOf(op: number, part: string): string {
  return `${op} ${part}`;
}

/** The page of the book, its state's id, that an operation writes on; a few write on the same one. */
export function pageOf(op: number): string {
  return `page ${Math.floor(op / OPERATIONS_A_PAGE)}`;
}

/** A page, as a state. */
export function placeOfPage(page: string): Place {
  return { of: operationLog, id: page };
}
