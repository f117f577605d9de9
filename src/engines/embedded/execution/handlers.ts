import type { Clock } from "../../../core/host/clock.ts";
import type { WorkLog } from "../../../core/host/work-log.ts";
import { Queue } from "../../../core/data/queue.ts";
import type { Scheduler } from "../../../core/host/scheduler.ts";
import type { StoredMessage } from "../../../stores/store.ts";
import type { SlotWatch } from "../blocking/slot-watch.ts";
import type { GroupCommit } from "../commit/group-commit.ts";
import type { HandlerStarter } from "../dispatch/dispatcher.ts";
import type { FunctionLimits } from "../mailboxes/function-limits.ts";
import type { HandlerSlots } from "../mailboxes/handler-slots.ts";
import type { Mailbox, Mailboxes } from "../mailboxes/mailboxes.ts";
import type { HeldMessages } from "../pausing/held-messages.ts";
import type { Pauses } from "../pausing/pauses.ts";
import type { CrashTracker } from "../poison/crash-tracker.ts";
import type { Activations } from "./activations.ts";
import { reportEventLoopStall } from "./event-loop-stall.ts";
import type { HandlerRuns } from "./handler-runs.ts";
import type { ScopeCancellation } from "./scope-cancellation.ts";

/**
 * Handlers started in one turn. After that the next commit starts, because the writer may be
 * waiting for its batch.
 */
const STARTS_PER_TURN = 64;
/** Time after which no other handler starts in this turn of the event loop. */
const TURN_NS = 4_000_000;

/** Collaborators of {@link Handlers}. */
export interface HandlersParts {
  readonly clock: Clock;
  readonly workLog: WorkLog;
  readonly scheduler: Pick<Scheduler, "choose">;
  readonly commits: Pick<GroupCommit, "isLagging">;
  readonly scopes: ScopeCancellation;
  readonly mailboxes: Mailboxes;
  readonly slots: HandlerSlots;
  readonly pauses: Pick<Pauses, "isAny">;
  readonly held: Pick<HeldMessages, "hold">;
  readonly limits: FunctionLimits;
  readonly crashTracker: CrashTracker;
  readonly slotWatch: SlotWatch;
  readonly runs: HandlerRuns;
  readonly activations: Pick<Activations, "giveUpPoisoned">;
}

/** Starts users' handlers, as many at the same time as there are handler slots. */
export class Handlers implements HandlerStarter {
  readonly #parts: HandlersParts;
  /** Mailboxes whose first message is marked and has a slot reserved for it. */
  readonly #reserved = new Queue<Mailbox>();

  constructor(parts: HandlersParts) {
    this.#parts = parts;
  }

  get canStart(): boolean {
    const { mailboxes, slots } = this.#parts;
    return this.#reserved.size > 0 || (mailboxes.ready > 0 && slots.isAnyFree);
  }

  start(): void {
    const { mailboxes, slots, limits, scheduler, clock, commits, slotWatch } = this.#parts;
    this.#startReserved();
    let ns = clock.monotonicNs();
    const endNs = ns + TURN_NS;
    for (
      let starts = 0;
      starts < STARTS_PER_TURN && slots.isAnyFree && !commits.isLagging && ns <= endNs;
      starts++
    ) {
      const mailbox = mailboxes.takeNext(scheduler);
      if (mailbox === undefined) break;
      if (limits.holds(mailbox)) continue;
      slots.acquire();
      ns = this.#startNext(ns, mailbox);
    }
    slotWatch.afterStarts();
  }

  #startReserved(): void {
    const { clock, slots, crashTracker } = this.#parts;
    for (
      let mailbox = this.#reserved.shift();
      mailbox !== undefined;
      mailbox = this.#reserved.shift()
    ) {
      slots.useReservation();
      this.#startNext(clock.monotonicNs(), mailbox);
      // If the message was canceled meanwhile, another one may have the slot.
      crashTracker.slotFreed();
    }
  }

  /**
   * Starts the next message of a mailbox at the given time, in a slot taken for it. Returns the time
   * afterwards.
   */
  #startNext(startNs: number, mailbox: Mailbox): number {
    const { mailboxes, slots, limits, crashTracker, runs, clock, workLog } = this.#parts;
    const message = this.#takeFrom(mailbox.queue);
    if (message !== undefined && crashTracker.mayStart(message.seq)) runs.run(mailbox, message);
    else {
      slots.release();
      if (message === undefined) mailboxes.release(mailbox);
      else this.#suspend(mailbox, message);
      limits.passOn(mailbox.address.type);
    }
    const ns = clock.monotonicNs();
    reportEventLoopStall(workLog, mailbox.address, ns - startNs);
    return ns;
  }

  /** Takes the next message of a queue that is neither canceled nor held by a pause. */
  #takeFrom(queue: Queue<StoredMessage>): StoredMessage | undefined {
    const { scopes, pauses, held } = this.#parts;
    let message = scopes.takeFrom(queue);
    if (pauses.isAny)
      while (message !== undefined && held.hold(message)) message = scopes.takeFrom(queue);
    return message;
  }

  /** Puts a message back that may not start yet, until it is marked. */
  #suspend(mailbox: Mailbox, message: StoredMessage): void {
    const { mailboxes, crashTracker, activations } = this.#parts;
    mailbox.queue.unshift(message);
    mailboxes.suspend(mailbox);
    const onMarked = (hasSlot: boolean): void => {
      if (!hasSlot) return mailboxes.resumeFirst(mailbox);
      mailboxes.resumeInSlot(mailbox);
      this.#reserved.push(mailbox);
    };
    const giveUp = (crashes: number): void => {
      mailbox.queue.shift();
      activations.giveUpPoisoned(message, crashes);
    };
    crashTracker.requestStart(message.seq, onMarked, giveUp);
  }
}
