import { writeSync } from "node:fs";
import type { Said } from "../ledger/entry.ts";
import { wallClock } from "./wall-clock.ts";

const OUTPUT = 1;

/**
 * Writes an entry to the ledger. When this returns, the line has left the process, and survives a
 * kill.
 */
export function writeEntry(said: Said): void {
  const { aheadMs } = wallClock;
  writeLine({ ...said, at: Date.now(), ...(aheadMs !== 0 && { aheadMs }) });
}

/**
 * Writes a line of JSON to the output. All of it is written when this returns.
 *
 * Do not use `process.stdout` here: it buffers lines.
 */
export function writeLine(line: object): void {
  let rest = new TextEncoder().encode(`${JSON.stringify(line)}\n`);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(OUTPUT, rest));
    } catch (error) {
      if (codeOf(error) !== "EAGAIN") throw error;
    }
  }
}

/** Reports an effect on the outside world, as a handler that calls another system would have. */
export function recordEffect(
  ctx: { readonly idempotencyKey: string },
  { op, part, value }: Effect,
): void {
  writeEntry({
    what: "effect",
    op,
    part,
    key: ctx.idempotencyKey,
    ...(value !== undefined && { value }),
  });
}

/** The operation of an effect, and its number among the effects of that operation. */
interface Effect {
  readonly op: number;
  readonly part: string;
  readonly value?: number;
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
