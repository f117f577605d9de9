import type { Poisoning } from "./poison-plan.ts";
import type { Entry, Mode } from "./entry.ts";

/** What became of a step of an operation, as far as anyone was told. */
export type Known = "acknowledged" | "tried" | "refused";

/** What a process is told when it starts. */
export interface Orders {
  readonly mode: Mode;
  readonly life: number;
  /** Of the plan. */
  readonly seed: number;
  /** The store. */
  readonly path: string;
  /** Operations to begin per second. */
  readonly rate: number;
  /** Operations that may be open at once. */
  readonly most: number;
  /** Ways by which to try to open the store a second time, by the path to take. */
  readonly intrusions: readonly { readonly how: string; readonly path: string }[];
  /** By how much its clock is ahead of the machine's at first, in ms; absent: it goes by that one. */
  readonly aheadMs?: number;
  /** Poison to be sent; absent: none. */
  readonly poisoning?: Poisoning;
  /** Milliseconds without any news after which a verification gives up. */
  readonly quietMs: number;
  /** Number of the first operation that nobody has begun. */
  readonly next: number;
  /** Operations that were begun, and have not ended as far as anyone knows. */
  readonly open: readonly Unfinished[];
}

/** What a process may be told later: by how much its clock is to be ahead of the machine's. */
export interface Setting {
  readonly aheadMs: number;
}

/** An operation to go on with. */
export interface Unfinished {
  readonly op: number;
  readonly steps: Readonly<Record<string, Known>>;
}

/** The tries of one step. */
interface Tries {
  unanswered: number;
  acknowledged: boolean;
}

/** Finds out what is to be gone on with after all that a ledger has heard. */
export function unfinishedBusiness(entries: readonly Entry[]): Pick<Orders, "next" | "open"> {
  const operations = new Map<number, Map<string, Tries>>();
  const requests = new Map<string, Tries>();
  const over = new Set<number>();
  for (const entry of entries) {
    if (entry.what === "intend") {
      const steps = upsert(operations, entry.op, () => new Map<string, Tries>());
      const tries = upsert(steps, entry.step, () => ({ unanswered: 0, acknowledged: false }));
      tries.unanswered++;
      requests.set(`${entry.life}.${entry.request}`, tries);
    } else if (entry.what === "ack" || entry.what === "refused") {
      const tries = requests.get(`${entry.life}.${entry.request}`);
      if (tries === undefined) continue;
      tries.unanswered--;
      if (entry.what === "ack") tries.acknowledged = true;
    } else if (entry.what === "result" || entry.what === "absent" || entry.what === "astray")
      over.add(entry.op);
  }
  const open = [...operations]
    .filter(([op]) => !over.has(op))
    .map(([op, steps]) => ({ op, steps: knownOf(steps) }));
  // Operations are begun in the order of their numbers.
  return { next: operations.size === 0 ? 0 : lastOf(operations) + 1, open };
}

function knownOf(steps: ReadonlyMap<string, Tries>): Readonly<Record<string, Known>> {
  return Object.fromEntries(
    [...steps].map(([step, { acknowledged, unanswered }]) => [
      step,
      acknowledged ? "acknowledged" : unanswered > 0 ? "tried" : "refused",
    ]),
  );
}

function upsert<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}

function lastOf(operations: ReadonlyMap<number, unknown>): number {
  return [...operations.keys()].reduce((last, number) => Math.max(last, number));
}
