import type { Poisoning } from "./poison-plan.ts";
import type { Entry, Mode } from "./entry.ts";

/** The known result of a step of an operation. */
export type Known = "acknowledged" | "tried" | "refused";

/** Orders for a process at its start. */
export interface Orders {
  readonly mode: Mode;
  readonly life: number;
  /** Seed of the plan. */
  readonly seed: number;
  /** Path of the store. */
  readonly path: string;
  /** Operations to begin per second. */
  readonly rate: number;
  /** Maximum number of open operations. */
  readonly most: number;
  /** Ways to try to open the store a second time, with their paths. */
  readonly intrusions: readonly { readonly how: string; readonly path: string }[];
  /** Initial deviation of its clock from the machine's, in ms; absent: none. */
  readonly aheadMs?: number;
  /** Poison to send; absent: none. */
  readonly poisoning?: Poisoning;
  /** Milliseconds without news after which a verification gives up. */
  readonly quietMs: number;
  /** Number of the first operation that has not begun. */
  readonly next: number;
  /** Operations that have begun, and have not ended as far as the ledger knows. */
  readonly open: readonly Unfinished[];
}

/** A later order: the new deviation of the clock, or a theft to commit, by its description. */
export type LaterOrder = { readonly aheadMs: number } | { readonly theft: string };

/** An operation to continue. */
export interface Unfinished {
  readonly op: number;
  readonly steps: Readonly<Record<string, Known>>;
}

/** The attempts of one step. */
interface Tries {
  unanswered: number;
  acknowledged: boolean;
}

/** Finds the open operations in the entries of a ledger. */
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
  // Operations begin in the order of their numbers.
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
