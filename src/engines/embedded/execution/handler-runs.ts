import { activate } from "../../../core/activation/activate.ts";
import { formatAddress } from "../../../core/message/address.ts";
import { hasState } from "../../../core/activation/definition.ts";
import type { Definition } from "../../../core/activation/definition.ts";
import type { Effects } from "../../../core/activation/effects.ts";
import type { Run } from "../../../core/activation/meter.ts";
import type { Emitter } from "../../../core/activation/emitter.ts";
import type { Blocking } from "../../../core/activation/environment.ts";
import { HandbackError } from "../../../core/errors/errors.ts";
import { logFacts } from "../../../core/errors/log-facts.ts";
import type { WorkLog } from "../../../core/host/work-log.ts";
import type { StoredMessage, StoreInfo } from "../../../stores/store.ts";
import type { Dispatcher } from "../dispatch/dispatcher.ts";
import type { MessageIndex } from "../commit/message-index.ts";
import type { Lifecycle } from "../lifecycle/lifecycle.ts";
import type { FunctionLimits } from "../mailboxes/function-limits.ts";
import type { HandlerSlots } from "../mailboxes/handler-slots.ts";
import type { QueuedSince } from "../journal/queued-since.ts";
import type { Mailbox, Mailboxes } from "../mailboxes/mailboxes.ts";
import { Running } from "../mailboxes/running.ts";
import type { CrashTracker } from "../poison/crash-tracker.ts";
import type { Activations } from "./activations.ts";
import type { BlockedGets } from "../blocking/blocked-gets.ts";
import type { Causes } from "./causes.ts";
import type { FunctionMeter } from "./function-meter.ts";
import type { IdleWatch } from "./idle-watch.ts";

/** Collaborators of {@link HandlerRuns}. */
export interface HandlerRunsParts {
  readonly definitions: ReadonlyMap<string, Definition>;
  readonly storeInfo: Pick<StoreInfo, "nextSeq">;
  readonly workLog: WorkLog;
  readonly lifecycle: Lifecycle;
  readonly dispatcher: Dispatcher;
  readonly causes: Causes;
  readonly activations: Activations;
  readonly mailboxes: Mailboxes;
  readonly messages: Pick<MessageIndex, "park">;
  readonly slots: HandlerSlots;
  readonly limits: FunctionLimits;
  readonly crashTracker: CrashTracker;
  readonly gets: BlockedGets;
  readonly blocking: Blocking;
  /** Absent: the store keeps no journal. */
  readonly emitter: Emitter | undefined;
  readonly meter: FunctionMeter;
  readonly queuedSince: QueuedSince;
  readonly idle: IdleWatch;
}

/**
 * Runs users' handlers, each from the message to its effects.
 *
 * HD1 A handler keeps its address until it ends, also while it is blocked. It has a slot when it
 *     starts, and gives it back when it ends or blocks.
 */
export class HandlerRuns {
  readonly #parts: HandlerRunsParts;
  /** The usage of runs that were given up, by the record that has the next turn. */
  readonly #abandonedRuns = new WeakMap<StoredMessage, Run>();

  #count = 0;

  constructor(parts: HandlerRunsParts) {
    this.#parts = parts;
  }

  /** The number of handlers that were started. */
  get count(): number {
    return this.#count;
  }

  /** Runs the handler of a message, which was the first of the mailbox, in a slot taken for it. */
  run(mailbox: Mailbox, message: StoredMessage): void {
    const { definitions, crashTracker, causes, blocking, emitter, storeInfo } = this.#parts;
    const { envelope, seq } = message;
    const definition = definitions.get(envelope.target.type);
    if (definition === undefined) return this.#parts.slots.release();
    const running = new Running(message);
    const { cancellation } = running;
    mailbox.running = running;
    this.#count++;
    crashTracker.handlerStarted(seq);
    this.#parts.limits.begin(definition);
    let effects: Effects | Promise<Effects>;
    try {
      const isFirstRun = seq >= storeInfo.nextSeq;
      const abandonedRun = this.#abandonedRuns.get(message);
      const queuedAt = this.#parts.queuedSince.of(message);
      const options = { blocking, emitter, cancellation, queuedAt, abandonedRun, isFirstRun };
      effects = activate(definition, causes.of(envelope, hasState(definition), options));
    } catch (error) {
      return this.#setAside(mailbox, running, error);
    }
    if ("then" in effects) void this.#finishLater(mailbox, running, effects);
    else this.#finish(mailbox, running, effects);
  }

  async #finishLater(
    mailbox: Mailbox,
    running: Running,
    handling: Promise<Effects>,
  ): Promise<void> {
    let effects: Effects;
    try {
      effects = await handling;
    } catch (error) {
      return this.#setAside(mailbox, running, error);
    }
    this.#finish(mailbox, running, effects);
  }

  /**
   * Gives up a canceled run that did not end in its grace. Its effects are dropped, and the record
   * of the run has the next turn at its address. It bills the time until now.
   */
  abandon(running: Running, graceMs: number): void {
    const { lifecycle, mailboxes, dispatcher, idle, workLog } = this.#parts;
    const { cancellation, record, envelope } = running;
    const mailbox = mailboxes.mailboxOf(running);
    if (lifecycle.hasStopped || record === undefined || mailbox?.running !== running) return;
    if (cancellation.isOver) return;
    const effects = cancellation.abandon();
    if (effects !== undefined) this.#takeLast(running, record, effects);
    const address = formatAddress(envelope.target);
    workLog.write({
      level: "warn",
      event: "graceOver",
      subject: envelope.target.type,
      message: `${address} was canceled and did not end within ${graceMs} ms: its late effects are dropped`,
      fields: { address },
    });
    this.#releaseSlot(running);
    mailboxes.releaseWith(mailbox, record);
    dispatcher.wake();
    idle.check();
  }

  /** Takes the last effects of a run that was given up. Its record bills the run. */
  #takeLast({ envelope }: Running, record: StoredMessage, effects: Effects): void {
    const { activations, meter, lifecycle } = this.#parts;
    if (effects.run !== undefined) {
      meter.add(envelope.target.type, effects.run);
      this.#abandonedRuns.set(record, effects.run);
    }
    lifecycle.run(() => activations.takeFlushed(effects));
  }

  #finish(mailbox: Mailbox, running: Running, effects: Effects): void {
    if (running.cancellation.isAbandoned) return;
    const { lifecycle, dispatcher, idle } = this.#parts;
    this.#releaseSlot(running);
    if (!lifecycle.hasStopped) {
      try {
        this.#takeEffects(mailbox, running, effects);
      } catch (error) {
        lifecycle.fail(error);
      }
      dispatcher.wake();
    }
    idle.check();
  }

  #takeEffects(mailbox: Mailbox, running: Running, effects: Effects): void {
    const { activations, meter, mailboxes } = this.#parts;
    if (effects.run !== undefined) meter.add(running.envelope.target.type, effects.run);
    activations.takeFinished(running, effects);
    mailboxes.release(mailbox);
  }

  /**
   * Sets aside a message that cannot be handled. It stays in the store, and its address takes no
   * more messages until the next start.
   */
  #setAside(mailbox: Mailbox, running: Running, error: unknown): void {
    if (running.cancellation.isAbandoned) return;
    const { mailboxes, messages } = this.#parts;
    mailboxes.park(mailbox, reasonOf(error));
    for (const message of [running, ...mailbox.queue]) messages.park(message);
    this.#releaseSlot(running);
    if (isStoreFailure(error)) this.#parts.lifecycle.fail(error);
    else this.#reportSetAside(running, error);
    this.#parts.idle.check();
  }

  #reportSetAside({ envelope, seq }: Running, error: unknown): void {
    const { crashTracker, workLog, dispatcher } = this.#parts;
    crashTracker.messageDone(seq);
    const address = formatAddress(envelope.target);
    const cause = logFacts(HandbackError.is(error) ? error.cause : undefined);
    const fields = { address, ...logFacts(error), cause };
    workLog.write({
      level: "error",
      event: "parked",
      subject: envelope.target.type,
      message: `${address} is parked: ${reasonOf(error)}`,
      fields,
    });
    dispatcher.wake();
  }

  #releaseSlot({ envelope }: Running): void {
    const { gets, slots, limits, crashTracker } = this.#parts;
    const wasBlocked = gets.endAll(envelope);
    if (!wasBlocked) {
      slots.release();
      limits.end(envelope.target.type);
    }
    crashTracker.slotFreed();
  }
}

/** Names the reason why an address cannot handle a message. The log has the whole text. */
function reasonOf(error: unknown): string {
  return HandbackError.is(error) ? error.code : "its message cannot be handled";
}

/** Returns whether a read of the store failed, so that the engine cannot go on. */
function isStoreFailure(error: unknown): boolean {
  return HandbackError.is(error, "STORE_FAILED", "STORE_CORRUPT", "STORE_BUSY");
}
