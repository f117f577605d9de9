import { SOON_MS } from "../../../core/host/soon.ts";
import type { Clock } from "../../../core/host/clock.ts";
import type { HandbackError } from "../../../core/errors/errors.ts";
import type { CrashMark, StoreInfo } from "../../../stores/store.ts";
import type { WriteBatch } from "../commit/write-batch.ts";
import type { Dispatcher } from "../dispatch/dispatcher.ts";
import { Probation } from "./probation.ts";
import { RecoveredMessage } from "./recovered-message.ts";
import type { SlotReservation } from "./slot-reservation.ts";
import { decodeSuspicion, encodeSuspicion, SUSPECTED, suspicionAfterStart } from "./suspicion.ts";
import { UnmarkedMessages } from "./unmarked.ts";

/** Collaborators of {@link CrashTracker}. */
export interface CrashTrackerParts {
  readonly clock: Clock;
  /**
   * Crashes after which a message is given up. Infinite: no message is marked or given up.
   */
  readonly crashLimit: number;
  readonly storeInfo: Pick<StoreInfo, "clean" | "crashMarks" | "nextSeq">;
  readonly commits: { readonly batch: Pick<WriteBatch, "setCrashMark" | "afterCommit"> };
  readonly dispatcher: Pick<Dispatcher, "wake">;
  readonly slots: SlotReservation;
}

/** Messages marked by one commit while none of them is on probation. */
const GROUP = 64;
/**
 * Running time after which the next message on probation gets its turn, unless this one must run
 * alone.
 */
const TURN_MS = 1_000;

/**
 * Finds the message whose handler crashes the process each time it runs.
 *
 * P1 After an unclean stop, a recovered message runs only once a durable mark says that it is about
 *    to run. Messages accepted later are never marked.
 * P2 A mark found at a start means that the process crashed while the message was running, so the
 *    message goes on probation. Messages on probation run one after the other, and all others run
 *    freely. A message that starts has its slot reserved while it is being marked.
 * P3 A mark is removed when the handler has ended, or has run for so long that it is unlikely to
 *    crash the process. A blocked handler is not running. It is marked again before it continues,
 *    and until then has the crashes that were counted against it before.
 * P4 A crash counts against a message if its handler had started soon before, and no other message
 *    on probation was running. A message in whose turn the process has crashed is held back until
 *    the process has lived twice as long as then. Until the first turn of any message, its mark says
 *    nothing against it: if the process crashes meanwhile, the crashes have another cause.
 * P5 A message that has reached the crash limit is given up in place of its next turn: the process
 *    crashed each time soon after the message had started alone, and lives while it is held back.
 */
export class CrashTracker {
  readonly #parts: CrashTrackerParts;
  /** Crashes after which a message is given up. Two at least: one may be a coincidence. */
  readonly #limit: number;
  /** Messages with numbers from here on run freely. Zero once there is nothing to find. */
  #end: number;
  /** Marks of messages that have not been recovered yet, by number. */
  readonly #found: Map<number, number>;
  readonly #unmarked = new UnmarkedMessages();
  /** Messages that are marked or on probation. */
  readonly #recovered = new Map<number, RecoveredMessage>();
  readonly #probation: Probation<RecoveredMessage>;
  /** Messages that are held back, and whose marks say nothing against them. */
  #cleared: RecoveredMessage[] = [];
  #startNs = 0;

  constructor(parts: CrashTrackerParts) {
    const { clock, crashLimit, storeInfo, slots } = parts;
    this.#parts = parts;
    this.#limit = Math.max(2, crashLimit);
    this.#end = storeInfo.clean || crashLimit === Number.POSITIVE_INFINITY ? 0 : storeInfo.nextSeq;
    this.#found = new Map(storeInfo.crashMarks.map(({ seq, crashes }) => [seq, crashes]));
    this.#probation = new Probation({
      clock,
      slots,
      giveTurn: (message, isAlone) => this.#giveTurn(message, isAlone),
    });
  }

  /** Notes a recovered message. */
  recover(seq: number): void {
    if (seq >= this.#end) return;
    const mark = this.#found.get(seq);
    if (mark === undefined) return this.#unmarked.add(seq);
    this.#found.delete(seq);
    const message = new RecoveredMessage(seq, decodeSuspicion(mark));
    this.#recovered.set(seq, message);
    if (message.isAlone) this.#cleared.push(message);
  }

  /** Starts probation, once all messages have been recovered. */
  start(): void {
    // Messages that do not run now are no longer suspected.
    if (this.#found.size > 0)
      this.#write(Array.from(this.#found.keys(), (seq) => ({ seq, crashes: 0 })));
    this.#found.clear();
    this.#startNs = this.#parts.clock.monotonicNs();
    const mark = encodeSuspicion(SUSPECTED);
    if (this.#cleared.length > 0)
      this.#write(this.#cleared.map(({ seq }) => ({ seq, crashes: mark })));
    if (this.#recovered.size > 0 || (this.#end > 0 && this.#parts.crashLimit === 1))
      this.#probation.start();
  }

  /** Stops tracking. Handlers whose marks become durable later do not start. */
  stop(): void {
    this.#end = 0;
    this.#probation.stop();
    for (const message of this.#recovered.values()) {
      message.cancelTimer?.();
      message.onMarked = undefined;
    }
  }

  /** Rejects the handlers that wait to continue, after the engine has stopped. */
  rejectResuming(error: HandbackError): void {
    for (const { rejectResumed } of this.#recovered.values()) rejectResumed?.(error);
  }

  /** Tells whether the handler of a message may start now. */
  mayStart(seq: number): boolean {
    return seq >= this.#end || this.#recovered.get(seq)?.stage === "marked";
  }

  /**
   * Marks a message whose handler may not start yet. Calls `onMarked` once the handler may start,
   * or need not; `hasSlot` tells whether a slot is reserved for it. Calls `giveUp` instead if the
   * message crashes the process.
   */
  requestStart(
    seq: number,
    onMarked: (hasSlot: boolean) => void,
    giveUp: (crashes: number) => void,
  ): void {
    let message = this.#recovered.get(seq);
    if (message === undefined) {
      message = this.#track(seq);
      this.#unmarked.skip(seq);
    }
    message.onMarked = onMarked;
    message.giveUp = giveUp;
    message.needsSlot = true;
    if (message.stage !== "idle") return;
    if (this.#isOnProbation(message)) this.#requestTurn(message);
    else
      this.#mark([message, ...this.#unmarked.take(GROUP - 1).map((other) => this.#track(other))]);
  }

  /** Notes that a slot is free: messages on probation get it before others. */
  slotFreed(): void {
    if (this.#recovered.size > 0) this.#probation.slotFreed();
  }

  /** Notes that the handler of a message starts. */
  handlerStarted(seq: number): void {
    if (seq >= this.#end) return;
    const message = this.#recovered.get(seq);
    if (message !== undefined) this.#startRunning(message);
  }

  /** Notes that the handler of a message is blocked: that time says nothing about it. */
  handlerBlocked(seq: number): void {
    if (seq >= this.#end) return;
    const message = this.#recovered.get(seq);
    if (message?.stage === "marked") this.#unmark(message);
  }

  /**
   * Asks to continue the blocked handler of a message. It continues when the promise resolves, or
   * at once without one.
   */
  requestResume(seq: number): Promise<void> | undefined {
    if (seq >= this.#end) return undefined;
    const message = this.#recovered.get(seq);
    // Of several gets, the one that was answered first continues first, also when the mark came in
    // between.
    if (message === undefined || message.stage !== "idle") return message?.resumed;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    message.needsSlot = false;
    message.rejectResumed = reject;
    message.onMarked = () => {
      if (message.stage === "marked") this.#startRunning(message);
      resolve();
    };
    message.resumed = promise;
    if (this.#isOnProbation(message)) this.#requestTurn(message);
    else this.#mark([message]);
    return promise;
  }

  /** Notes that a message is done, or that its handler has ended. */
  messageDone(seq: number): void {
    if (seq >= this.#end) return;
    const message = this.#recovered.get(seq);
    if (message === undefined) return this.#unmarked.skip(seq);
    const { onMarked } = message;
    this.#clear(message);
    onMarked?.(false);
  }

  #track(seq: number): RecoveredMessage {
    const message = new RecoveredMessage(seq);
    this.#recovered.set(seq, message);
    return message;
  }

  /** Removes the mark of a message for good: it is no longer suspected. */
  #clear(message: RecoveredMessage): void {
    const { seq } = message;
    this.#recovered.delete(seq);
    message.stage = "done";
    message.cancelTimer?.();
    this.#write([{ seq, crashes: 0 }]);
    this.#endTurn(message);
  }

  #isOnProbation({ suspicion }: RecoveredMessage): boolean {
    // With a limit of one, every recovered message is a suspect at once.
    return suspicion !== undefined || this.#parts.crashLimit === 1;
  }

  /** Requests a turn, once the process has lived long enough with the message held back. */
  #requestTurn(message: RecoveredMessage): void {
    message.stage = "waiting";
    const leftMs = message.holdMs - this.#livedMs();
    if (leftMs <= 0) return this.#probation.request(message);
    this.#setTimer(message, leftMs, () => this.#probation.request(message));
  }

  #livedMs(): number {
    return (this.#parts.clock.monotonicNs() - this.#startNs) / 1e6;
  }

  #giveTurn(message: RecoveredMessage, isAlone: boolean): void {
    if (message.crashes >= this.#limit)
      return this.#setTimer(message, 0, () => message.giveUp?.(message.crashes));
    if (message.needsSlot) this.#parts.slots.reserve();
    message.hasSlot = message.needsSlot;
    this.#restoreMarks(message);
    this.#mark([message], this.#markAfterStart(message, isAlone));
    this.#watchRun(message);
  }

  /** Returns the mark of a message for a crash that comes soon after it has started. */
  #markAfterStart({ suspicion = SUSPECTED }: RecoveredMessage, isAlone: boolean): number {
    return encodeSuspicion(suspicionAfterStart(suspicion, isAlone, this.#livedMs()));
  }

  /** Restores the marks of held messages: from now on a crash has its cause in a turn. */
  #restoreMarks(starting: RecoveredMessage): void {
    const restored = this.#cleared.filter(
      (message) => message !== starting && message.stage !== "done",
    );
    this.#cleared = [];
    this.#write(restored.map((message) => ({ seq: message.seq, crashes: markBefore(message) })));
  }

  #mark(messages: readonly RecoveredMessage[], mark = encodeSuspicion(SUSPECTED)): void {
    for (const message of messages) message.stage = "marking";
    const marks = messages.map(({ seq }) => ({ seq, crashes: mark }));
    this.#write(marks, () => this.#marked(messages));
  }

  /** Writes marks with the next commit and calls `onDurable` once they are on disk. */
  #write(marks: readonly CrashMark[], onDurable?: () => void): void {
    const { batch } = this.#parts.commits;
    for (const mark of marks) batch.setCrashMark(mark);
    if (onDurable !== undefined) batch.afterCommit.push(onDurable);
    this.#parts.dispatcher.wake();
  }

  /** Lets marked messages start. In reverse order, because each goes to the head of the queue. */
  #marked(messages: readonly RecoveredMessage[]): void {
    for (const message of messages.toReversed()) {
      if (message.stage !== "marking") continue;
      const { onMarked, hasSlot } = message;
      message.stage = "marked";
      message.onMarked = undefined;
      message.hasSlot = false;
      onMarked?.(hasSlot);
    }
  }

  #startRunning(message: RecoveredMessage): void {
    message.isRunning = true;
    if (this.#isOnProbation(message) && !message.isAlone)
      this.#setTimer(message, TURN_MS, () => this.#endTurnEarly(message));
    else this.#watchRun(message);
  }

  /** Lets the next message run beside this one, so a crash no longer counts against this one. */
  #endTurnEarly(message: RecoveredMessage): void {
    this.#write([{ seq: message.seq, crashes: this.#markAfterStart(message, false) }]);
    this.#probation.endTurnEarly(message);
    this.#setTimer(message, SOON_MS - TURN_MS, () => this.#doubtOver(message));
  }

  /** Ends the suspicion after a while, though the handler has not ended. */
  #watchRun(message: RecoveredMessage): void {
    this.#setTimer(message, SOON_MS, () => this.#doubtOver(message));
  }

  #setTimer(message: RecoveredMessage, delayMs: number, step: () => void): void {
    message.cancelTimer?.();
    message.cancelTimer = this.#parts.clock.setTimer(delayMs, step);
  }

  #doubtOver(message: RecoveredMessage): void {
    if (message.isRunning) return this.#clear(message);
    // Its turn has passed without a commit of its mark.
    this.#unmark(message);
    if (message.onMarked !== undefined) this.#requestTurn(message);
  }

  /** Sets the mark of a message back to the evidence against it before. */
  #unmark(message: RecoveredMessage): void {
    const { seq } = message;
    message.stage = "idle";
    message.isRunning = false;
    message.cancelTimer?.();
    this.#write([{ seq, crashes: markBefore(message) }]);
    this.#endTurn(message);
  }

  #endTurn(message: RecoveredMessage): void {
    if (message.hasSlot) this.#parts.slots.cancelReservation();
    message.hasSlot = false;
    this.#probation.end(message);
  }
}

/** Returns the mark that a message had when it was recovered. 0 for none. */
function markBefore({ suspicion }: RecoveredMessage): number {
  return suspicion === undefined ? 0 : encodeSuspicion(suspicion);
}
