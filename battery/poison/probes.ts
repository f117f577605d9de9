import type { Entry } from "../ledger/entry.ts";

const SHARE = 0.99;
/** Opening costs all processes the same, and so much that it would hide the rest. */
const OPENING_MS = 300;

/** A timed call: when it was asked for, in ms after the store was open, and how long it took. */
interface Probe {
  readonly atMs: number;
  readonly tookMs: number;
}

/** How long timed calls took, at the 99th percentile. */
export interface Latency {
  readonly count: number;
  readonly p99Ms: number;
}

/** The timed calls of some processes, without those of their first moments unless these are asked for. */
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

/** The timed calls of one process; those that it did not live to answer took as long as they were awaited. */
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
