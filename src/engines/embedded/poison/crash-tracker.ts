import type { Clock } from "../../../core/host/clock.ts";
import type { HandbackError } from "../../../core/errors/errors.ts";
import type { SlotReservation } from "./slot-reservation.ts";
import type { CrashMark, StoreInfo } from "../../../stores/store.ts";
import type { ProbationMessage } from "./probation-queue.ts";
import { Probation } from "./probation.ts";
import { UnmarkedMessages } from "./unmarked.ts";

/** What suspects work with. */
export interface CrashTrackerParts {
  readonly clock: Clock;
  /** How many crashes in a row a message is given up for; infinite: none is, and none is marked. */
  readonly crashLimit: number;
  readonly opened: Pick<StoreInfo, "clean" | "crashMarks" | "nextSeq">;
  /** Notes marks with the next commit; `durable` is called once they are on disk. */
  readonly mark: (marks: readonly CrashMark[], durable?: () => void) => void;
  readonly slots: SlotReservation;
  /** Runs a step of the work, and answers for its failure. */
  readonly guard: (step: () => void) => void;
}

/** Messages that are marked by one commit while none of them is suspected. */
const GROUP = 64;
/** How long a handler is taken for one that may end the process, once it lets the event loop go. */
const DOUBT_MS = 5_000;
/** How long the next suspect waits for one that lets the event loop go, unless that has to be alone. */
const TURN_MS = 1_000;

/**
 * Finds the message that ends the process whenever it is handled.
 *
 * P1 After an unclean stop, what was recovered is handled only once a mark says durably that it is about to be. What is accepted later
 *    is never marked.
 * P2 A mark that is found at a start means that the process died while its message was handled: it is a suspect. Suspects are handled one
 *    after the other; all else goes on. The slot of one that begins is kept for it while it is marked.
 * P3 A mark is taken back when the handler has ended, or has run for so long that the process is not likely to die of it. A handler that
 *    blocks is not at work: it has a mark again before it goes on, and until then what was held against it before.
 * P4 A message against which the limit of crashes is held is given up. At the last of them it was the only suspect at work.
 */
export class CrashTracker {
  readonly #parts: CrashTrackerParts;
  /** Crashes for which a message is given up: two at least, for at the first it may have been one of a group. */
  readonly #limit: number;
  /** Messages with numbers from here on were accepted since, or there is nothing more to be found. */
  #end: number;
  /** Crashes that are held against messages which have not been adopted yet. */
  readonly #found: Map<number, number>;
  readonly #unmarked = new UnmarkedMessages();
  /** Those that are marked, or suspected. */
  readonly #recovered = new Map<number, RecoveredMessage>();
  readonly #turns: Probation<RecoveredMessage>;

  constructor(parts: CrashTrackerParts) {
    const { clock, crashLimit, guard, opened, slots } = parts;
    this.#parts = parts;
    this.#limit = Math.max(2, crashLimit);
    this.#end = opened.clean || crashLimit === Number.POSITIVE_INFINITY ? 0 : opened.nextSeq;
    this.#found = new Map(opened.crashMarks.map(({ seq, crashes }) => [seq, crashes]));
    this.#turns = new Probation({
      clock,
      guard,
      slots,
      give: (suspect) => this.#giveTurn(suspect),
    });
  }

  /** Takes note of a message that was recovered; gives the crashes for which it is to be given up, if it is. */
  adopt(seq: number): number | undefined {
    if (seq >= this.#end) return undefined;
    const crashes = this.#found.get(seq);
    if (crashes === undefined) {
      this.#unmarked.add(seq);
      return undefined;
    }
    this.#found.delete(seq);
    this.#track(seq, crashes);
    return crashes >= this.#limit ? crashes : undefined;
  }

  /** All that was recovered has been adopted. */
  start(): void {
    // What is not handled now is not suspected either.
    if (this.#found.size > 0)
      this.#parts.mark(Array.from(this.#found.keys(), (seq) => ({ seq, crashes: 0 })));
    this.#found.clear();
    if (this.#recovered.size > 0 || (this.#end > 0 && this.#parts.crashLimit === 1))
      this.#turns.start();
  }

  /** The engine stops: what is still at work is not looked at any more, and nobody goes on whose mark becomes durable. */
  stop(): void {
    this.#end = 0;
    this.#turns.stop();
    for (const message of this.#recovered.values()) {
      message.cancelTimer?.();
      message.go = undefined;
    }
  }

  /** The engine has stopped: tells handlers that wait until they may go on. */
  end(error: HandbackError): void {
    for (const { refuse } of this.#recovered.values()) refuse?.(error);
  }

  /** Whether the handler of a message may begin now. */
  isFree(seq: number): boolean {
    return seq >= this.#end || this.#recovered.get(seq)?.stage === "marked";
  }

  /** Calls `go` once the handler of a message may begin, which it may not now, or when it need not; tells whether a slot was kept for it. */
  hold(seq: number, go: (hasSlot: boolean) => void): void {
    let message = this.#recovered.get(seq);
    if (message === undefined) {
      message = this.#track(seq, 0);
      this.#unmarked.skip(seq);
    }
    message.go = go;
    message.needsSlot = true;
    if (message.stage !== "idle") return;
    if (this.#isSuspect(message)) this.#wait(message);
    else
      this.#mark([
        message,
        ...this.#unmarked.take(GROUP - 1).map((other) => this.#track(other, 0)),
      ]);
  }

  /** A slot is free: suspects have it before others. */
  slotFreed(): void {
    if (this.#recovered.size > 0) this.#turns.slotFreed();
  }

  /** The handler of a message begins. */
  began(seq: number): void {
    if (seq >= this.#end) return;
    const message = this.#recovered.get(seq);
    if (message !== undefined) this.#begin(message);
  }

  /** The handler of a message is blocked: for how long says nothing of it. */
  blocked(seq: number): void {
    if (seq >= this.#end) return;
    const message = this.#recovered.get(seq);
    if (message?.stage === "marked") this.#takeBack(message);
  }

  /** The handler of a message is no longer blocked: it goes on when the promise resolves, if there is one. */
  resumed(seq: number): Promise<void> | undefined {
    if (seq >= this.#end) return undefined;
    const message = this.#recovered.get(seq);
    // Of several gets the one that was answered first goes on first, also when the mark has come in between.
    if (message === undefined || message.stage !== "idle") return message?.resumed;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    message.needsSlot = false;
    message.refuse = reject;
    message.go = () => {
      if (message.stage === "marked") this.#begin(message);
      resolve();
    };
    message.resumed = promise;
    if (this.#isSuspect(message)) this.#wait(message);
    else this.#mark([message]);
    return promise;
  }

  /** The message is done with, or its handler is. */
  over(seq: number): void {
    if (seq >= this.#end) return;
    const message = this.#recovered.get(seq);
    if (message === undefined) return this.#unmarked.skip(seq);
    const { go } = message;
    this.#forget(message);
    go?.(false);
  }

  #track(seq: number, crashes: number): RecoveredMessage {
    const message = new RecoveredMessage(seq, crashes, this.#limit);
    this.#recovered.set(seq, message);
    return message;
  }

  /** Nothing is held against it any more. */
  #forget(message: RecoveredMessage): void {
    const { seq } = message;
    this.#recovered.delete(seq);
    message.stage = "over";
    message.cancelTimer?.();
    this.#parts.mark([{ seq, crashes: 0 }]);
    this.#endTurn(message);
  }

  #isSuspect({ crashes }: RecoveredMessage): boolean {
    // With a limit of one, a message is alone at every crash that is held against it.
    return crashes > 0 || this.#parts.crashLimit === 1;
  }

  #wait(message: RecoveredMessage): void {
    message.stage = "waiting";
    this.#turns.request(message);
  }

  #giveTurn(suspect: RecoveredMessage): void {
    if (suspect.needsSlot) this.#parts.slots.keep();
    suspect.hasSlot = suspect.needsSlot;
    this.#mark([suspect], suspect.nextCrashes);
    this.#watch(suspect);
  }

  #mark(messages: readonly RecoveredMessage[], crashes = 1): void {
    for (const message of messages) message.stage = "marking";
    const marks = messages.map(({ seq }) => ({ seq, crashes }));
    this.#parts.mark(marks, () => this.#marked(messages));
  }

  /** Those that wait go on; the last one is put first in line, so that it is the first in the end. */
  #marked(messages: readonly RecoveredMessage[]): void {
    for (const message of messages.toReversed()) {
      if (message.stage !== "marking") continue;
      const { go, hasSlot } = message;
      message.stage = "marked";
      message.go = undefined;
      message.hasSlot = false;
      go?.(hasSlot);
    }
  }

  #begin(message: RecoveredMessage): void {
    message.isAtWork = true;
    if (this.#isSuspect(message) && !message.isAlone)
      this.#wake(message, TURN_MS, () => this.#pass(message));
    else this.#watch(message);
  }

  #pass(message: RecoveredMessage): void {
    this.#turns.pass(message);
    this.#wake(message, DOUBT_MS - TURN_MS, () => this.#elapse(message));
  }

  /** Ends what a mark says after a while, though the handler has not. */
  #watch(message: RecoveredMessage): void {
    this.#wake(message, DOUBT_MS, () => this.#elapse(message));
  }

  #wake(message: RecoveredMessage, delayMs: number, step: () => void): void {
    const { clock, guard } = this.#parts;
    message.cancelTimer?.();
    message.cancelTimer = clock.setTimer(delayMs, () => guard(step));
  }

  #elapse(message: RecoveredMessage): void {
    if (message.isAtWork) return this.#forget(message);
    // It had its turn, but there was no commit.
    this.#takeBack(message);
    if (message.go !== undefined) this.#wait(message);
  }

  /** What was held against a message before is held against it again, and no more. */
  #takeBack(message: RecoveredMessage): void {
    const { seq, crashes } = message;
    message.stage = "idle";
    message.isAtWork = false;
    message.cancelTimer?.();
    this.#parts.mark([{ seq, crashes }]);
    this.#endTurn(message);
  }

  #endTurn(message: RecoveredMessage): void {
    if (message.hasSlot) this.#parts.slots.free();
    message.hasSlot = false;
    this.#turns.end(message);
  }
}

/** A message that was recovered, and what is held against it. */
class RecoveredMessage implements ProbationMessage {
  readonly seq: number;
  /** Crashes that were held against it when it was found. */
  readonly crashes: number;
  /** Crashes that are held against it if it does not survive its turn. Its first one counts for more than to have been one of a group. */
  readonly nextCrashes: number;
  /** For its last turn, and for each but its first, it is alone. */
  readonly isAlone: boolean;
  /** It bears a mark, as far as the disk knows, once it is `marked`. */
  stage: "idle" | "waiting" | "marking" | "marked" | "over" = "idle";
  /** Whether its handler has begun, and is not blocked. */
  isAtWork = false;
  /** Whether its handler has yet to begin. */
  needsSlot = true;
  /** Whether a slot is kept for it. */
  hasSlot = false;
  /** Goes on once it is marked. */
  go: ((hasSlot: boolean) => void) | undefined;
  /** Resolves when its handler goes on after it was blocked. */
  resumed: Promise<void> | undefined;
  /** Rejects `resumed`. */
  refuse: ((error: HandbackError) => void) | undefined;
  cancelTimer: (() => void) | undefined;

  /** @param limit crashes for which it is given up */
  constructor(seq: number, crashes: number, limit: number) {
    this.seq = seq;
    this.crashes = crashes;
    this.nextCrashes = Math.max(2, crashes + 1);
    this.isAlone = crashes > 1 || this.nextCrashes >= limit;
  }

  get isWaiting(): boolean {
    return this.stage === "waiting";
  }
}
