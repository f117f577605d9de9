import type { Clock } from "../../../core/host/clock.ts";
import type { WorkLog } from "../../../core/host/work-log.ts";
import type { HandlerSlots } from "../mailboxes/handler-slots.ts";
import type { Mailboxes } from "../mailboxes/mailboxes.ts";
import type { BlockedGets } from "./blocked-gets.ts";

/** Time for which all slots must be taken before it is reported. */
const LONG_MS = 10_000;
/** Functions that the report names. */
const NAMED = 5;

/** Collaborators of {@link SlotWatch}. */
export interface SlotWatchParts {
  readonly clock: Clock;
  readonly workLog: WorkLog;
  readonly slots: HandlerSlots;
  readonly mailboxes: Mailboxes;
  readonly gets: BlockedGets;
}

/**
 * Reports that handlers have held all slots for a while, so that no other message is handled.
 *
 * SW1 It is reported once, until a slot is given back.
 * SW2 A busy engine, whose slots change hands, pays for one timer in a while.
 */
export class SlotWatch {
  readonly #parts: SlotWatchParts;
  #cancelTimer: (() => void) | undefined;
  /** The count of slots given back at the last report. */
  #reportedAt: number | undefined;

  constructor(parts: SlotWatchParts) {
    this.#parts = parts;
  }

  /** Notes that as many handlers as possible were started. */
  afterStarts(): void {
    if (this.#cancelTimer !== undefined || !this.#areTaken()) return;
    if (this.#parts.slots.released !== this.#reportedAt) this.#watch();
  }

  /** Watches no more. */
  stop(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = () => undefined;
  }

  #watch(): void {
    const { clock, slots } = this.#parts;
    const { released } = slots;
    this.#cancelTimer = clock.setTimer(LONG_MS, () => {
      this.#cancelTimer = undefined;
      if (!this.#areTaken()) return;
      if (slots.released === released) this.#report();
      else this.#watch();
    });
  }

  /** Tells whether messages wait because no slot is free. */
  #areTaken(): boolean {
    const { slots, mailboxes } = this.#parts;
    return !slots.isAnyFree && (mailboxes.areWaiting || slots.woken > 0);
  }

  #report(): void {
    const { workLog, slots, mailboxes, gets } = this.#parts;
    this.#reportedAt = slots.released;
    const counts = new Map<string, number>();
    for (const { envelope } of mailboxes.running()) {
      const { type } = envelope.target;
      if (!gets.isBlocked(envelope)) counts.set(type, (counts.get(type) ?? 0) + 1);
    }
    const functions = [...counts.keys()].toSorted(
      (one, other) => (counts.get(other) ?? 0) - (counts.get(one) ?? 0),
    );
    const named = functions.slice(0, NAMED).map((type) => `${counts.get(type)} of ${type}`);
    workLog.write({
      level: "warn",
      event: "slotsTaken",
      subject: "",
      message: `all ${slots.count} handler slots have been taken for ${LONG_MS / 1_000} s, and other messages wait; the handlers are ${named.join(", ")}`,
      fields: { slots: slots.count, functions: functions.slice(0, NAMED) },
    });
  }
}
