import { writeSync } from "node:fs";
import type { Said } from "../ledger/entry.ts";
import { wallClock } from "./wall-clock.ts";

const OUTPUT = 1;

/** Says something to the ledger. When this returns the line is out of this process, and is heard though it be killed at once. */
export function writeEntry(said: Said): void {
  const { aheadMs } = wallClock;
  writeLine({ ...said, at: Date.now(), ...(aheadMs !== 0 && { aheadMs }) });
}

/**
 * Writes a line of JSON to the output, all of it before this returns.
 *
 * Nothing here may touch `process.stdout`, which would keep lines to itself.
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

/** Tells of an effect on the outside world, as a handler that calls another system would have. */
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

/** Which operation's effect it is, and which of its effects. */
interface Effect {
  readonly op: number;
  readonly part: string;
  readonly value?: number;
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
