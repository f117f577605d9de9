import type { Log } from "handback";

/** A log, and its entries. */
export function keptLog(): readonly [log: Log, lines: readonly unknown[]] {
  const lines: unknown[] = [];
  const keep = (...line: unknown[]): void => void lines.push(line);
  return [{ debug: keep, info: keep, warn: keep, error: keep }, lines];
}
