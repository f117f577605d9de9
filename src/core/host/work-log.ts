import type { Clock } from "./clock.ts";
import { LINE_KINDS } from "./line-kinds.ts";
import type { LineCounts, LineKind } from "./line-kinds.ts";
import type { Log } from "./log.ts";

/** Lines about one subject that leave within a period. */
const LINES = 20;
const PERIOD_MS = 10_000;
const NS_PER_MS = 1e6;
/** Subjects that are counted at a time. */
const MAX_SUBJECTS = 1_000;

/** The lines of one subject in the current period. */
interface Counted {
  readonly endsNs: number;
  written: number;
  leftOut: number;
}

/** A line of the work log, about a subject such as a function type. */
export interface WorkLine {
  readonly level: "info" | "warn" | "error";
  /** What happens: lines with the same event and subject share a bound. */
  readonly event: LineKind;
  readonly subject: string;
  readonly message: string;
  readonly fields?: Parameters<Log["warn"]>[1];
}

/**
 * Writes the lines of the engine about the work it does: failures, retries, timeouts, parked
 * messages.
 *
 * WL1 A storm of equal events writes a bounded number of lines: 20 in 10 s for each event and
 *     subject. The last of them says that more are left out, and the first line afterwards how many
 *     were.
 */
export class WorkLog {
  readonly #log: Log;
  readonly #clock: Pick<Clock, "monotonicNs">;
  readonly #counted = new Map<string, Counted>();
  readonly #counts = Object.fromEntries(LINE_KINDS.map((kind) => [kind, 0])) as Record<
    LineKind,
    number
  >;

  constructor(log: Log, clock: Pick<Clock, "monotonicNs">) {
    this.#log = log;
    this.#clock = clock;
  }

  /** The number of events of each kind so far, with those whose lines were left out. */
  get counts(): LineCounts {
    return { ...this.#counts };
  }

  write({ level, event, subject, message, fields = {} }: WorkLine): void {
    this.#counts[event]++;
    const nowNs = this.#clock.monotonicNs();
    const key = `${event} ${subject}`;
    const before = this.#counted.get(key);
    const isCurrent = before !== undefined && nowNs < before.endsNs;
    const counted = isCurrent ? before : this.#begin(key, nowNs);
    if (counted.written === LINES) {
      counted.leftOut++;
      return;
    }
    counted.written++;
    const leftOut = isCurrent ? 0 : (before?.leftOut ?? 0);
    const isLast = counted.written === LINES;
    const rest = isLast ? `; more lines like this are left out for ${PERIOD_MS / 1000} s` : "";
    this.#log[level](`${message}${rest}`, leftOut === 0 ? fields : { ...fields, leftOut });
  }

  #begin(key: string, nowNs: number): Counted {
    if (this.#counted.size >= MAX_SUBJECTS) this.#counted.clear();
    const counted = { endsNs: nowNs + PERIOD_MS * NS_PER_MS, written: 0, leftOut: 0 };
    this.#counted.set(key, counted);
    return counted;
  }
}
