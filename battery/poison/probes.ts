import type { Entry } from "../ledger/entry.ts";

const SHARE = 0.99;
/** Opening takes the same time in all processes, and would hide the rest. */
const OPENING_MS = 300;

/** A timed call: its instant in ms after the store was open, and its duration. */
interface Probe {
  readonly atMs: number;
  readonly tookMs: number;
}

/** The duration of timed calls, at the 99th percentile. */
export interface Latency {
  readonly count: number;
  readonly p99Ms: number;
}

/**
 * Returns the timed calls of some processes. Leaves out those of their first moments unless
 * `opening` is set.
 */
export function latencyOf(
  entries: readonly Entry[],
  lives: readonly number[],
  { opening = false } = {},
): Latency {
  const probes = lives.flatMap((life) => probesOf(entries, life));
  const taken = probes
    .filter(({ atMs }) => opening || atMs >= OPENING_MS)
    .map(({ tookMs }) => tookMs);
  const sorted = taken.toSorted((one, other) => one - other);
  return { count: sorted.length, p99Ms: sorted[Math.ceil(sorted.length * SHARE) - 1] ?? 0 };
}

/** Returns the timed calls of one process. Unanswered ones count until the end of the process. */
function probesOf(entries: readonly Entry[], life: number): readonly Probe[] {
  const own = entries.filter((entry) => entry.life === life);
  const openedAt = own.find(({ what }) => what === "open")?.at ?? 0;
  const endedAt = own.at(-1)?.at ?? 0;
  const took = new Map(
    own.flatMap((entry) => (entry.what === "probed" ? [[entry.number, entry.ms]] : [])),
  );
  return own.flatMap((entry) =>
    entry.what === "probe"
      ? [{ atMs: entry.at - openedAt, tookMs: took.get(entry.number) ?? endedAt - entry.at }]
      : [],
  );
}
