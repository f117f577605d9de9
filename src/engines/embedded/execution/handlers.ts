import { activate } from "../../../core/activation/activate.ts";
import type { Cause } from "../../../core/activation/activation.ts";
import { formatAddress } from "../../../core/message/address.ts";
import type { PendingReplies } from "../../../core/engine/pending-replies.ts";
import { Cancellation } from "../../../core/activation/cancellation.ts";
import type { Clock } from "../../../core/host/clock.ts";
import type { Definition } from "../../../core/activation/definition.ts";
import type { Reply, Effects } from "../../../core/activation/effects.ts";
import type { Envelope } from "../../../core/message/envelope.ts";
import type { Blocking } from "../../../core/activation/environment.ts";
import { HandbackError } from "../../../core/errors/errors.ts";
import type { Log } from "../../../core/host/log.ts";
import type { BlockedGets } from "./blocked-gets.ts";
import { reportEventLoopStall } from "./event-loop-stall.ts";
import type { Mailbox, Mailboxes, Running } from "./mailboxes.ts";
import type { StoredMessage } from "../../../stores/store.ts";
import { Queue } from "../../../core/data/queue.ts";
import type { HandlerSlots } from "./handler-slots.ts";
import type { CrashTracker } from "../poison/crash-tracker.ts";

/** What running handlers takes. */
export interface HandlersParts {
  readonly definitions: ReadonlyMap<string, Definition>;
  readonly slots: HandlerSlots;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether what handlers have done waits for the disk in such a number that no more should be added. */
  readonly isLagging: () => boolean;
  readonly mailboxes: Mailboxes;
  readonly gets: BlockedGets;
  readonly replies: PendingReplies;
  /** Which of `count` addresses that are ready has its turn. */
  readonly choose: (count: number) => number;
  /** The next message of a mailbox that is to be handled. */
  readonly take: (queue: Queue<StoredMessage>) => StoredMessage | undefined;
  readonly suspects: CrashTracker;
  readonly cause: (definition: Definition, running: Running, blocking: Blocking) => Cause;
  /** What a handler has sent before it blocks. */
  readonly flush: (effects: Effects) => void;
  /** A handler has ended; its address is to be released. */
  readonly finished: (mailbox: Mailbox, running: Running, effects: Effects) => void;
  /** A message cannot be handled at all: it stays where it is, and its address with it. */
  readonly parked: (running: Running, error: unknown) => void;
}

/** Handlers started before commits are looked after again: the writer may wait for its next batch meanwhile. */
const RUNS_PER_TURN = 64;
/** Time after which no other handler is started before the event loop has its turn. */
const TURN_NS = 4_000_000;

/**
 * Runs users' handlers, as many at the same time as there are slots.
 *
 * HD1 A handler keeps its slot and its address until it ends, also while it is blocked. A slot may be kept for one that is about to begin.
 * HD2 When every slot is held by a blocked handler, or a message queues behind one, deadlocks are looked for.
 */
export class Handlers {
  readonly #parts: HandlersParts;
  readonly #blocking: Blocking;
  /** Those whose first message may be handled now, in a slot that was kept for it. */
  readonly #due = new Queue<Mailbox>();
  #onIdle: () => void = () => undefined;

  constructor(parts: HandlersParts) {
    this.#parts = parts;
    this.#blocking = {
      flush: parts.flush,
      receive: (envelope, key) => this.#receive(envelope, key),
    };
  }

  /** Whether a handler is ready, and a slot for it. */
  get canStart(): boolean {
    const { mailboxes, slots } = this.#parts;
    return this.#due.size > 0 || (mailboxes.ready > 0 && slots.isAnyFree);
  }

  /** Starts handlers while there are slots, and addresses that are ready. */
  start(): void {
    const { mailboxes, slots, choose, clock, isLagging } = this.#parts;
    this.#startDue();
    let ns = clock.monotonicNs();
    const endNs = ns + TURN_NS;
    for (
      let runs = 0;
      runs < RUNS_PER_TURN && slots.isAnyFree && !isLagging() && ns <= endNs;
      runs++
    ) {
      const mailbox = mailboxes.next(choose);
      if (mailbox === undefined) break;
      ns = this.#runFrom(ns, mailbox);
    }
    if (mailboxes.areWaiting && this.#isFullOfBlocked()) this.findDeadlock();
  }

  /** Tells a handler that its message was withdrawn while it ran. */
  tell({ envelope, cancellation }: Running): void {
    const reason = new HandbackError(
      "CANCELLED",
      `the work of ${formatAddress(envelope.target)} was cancelled while it ran`,
    );
    cancellation.abort(reason);
    this.#parts.gets.rejectAll(envelope, reason);
  }

  /** Waits until every handler has ended or is blocked, which is run again at the next start; `limitMs` at most. */
  async whenIdle(clock: Clock, limitMs: number): Promise<void> {
    if (!this.#isBusy()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onIdle = resolve;
    const cancel = clock.setTimer(limitMs, resolve);
    await promise;
    cancel();
  }

  /** Nobody need wait for handlers any more. */
  abandon(): void {
    this.#onIdle();
  }

  findDeadlock(): void {
    const { mailboxes, gets } = this.#parts;
    gets.check({
      queuedAt: (address) => mailboxes.queuedAt(address),
      waitingForSlot: this.#isFullOfBlocked() ? [...mailboxes.waiting()] : [],
    });
  }

  #startDue(): void {
    const { slots, suspects } = this.#parts;
    for (let mailbox = this.#due.shift(); mailbox !== undefined; mailbox = this.#due.shift()) {
      slots.free();
      this.#runFrom(this.#parts.clock.monotonicNs(), mailbox);
      // If what was to be handled has been withdrawn, another one may have the slot.
      suspects.slotFreed();
    }
  }

  /** Runs the handler of a mailbox at the given time; gives the time afterwards. */
  #runFrom(startNs: number, mailbox: Mailbox): number {
    this.#run(mailbox);
    const ns = this.#parts.clock.monotonicNs();
    reportEventLoopStall(this.#parts.log, mailbox.address, ns - startNs);
    return ns;
  }

  #run(mailbox: Mailbox): void {
    const { definitions, mailboxes, slots, suspects, take, cause } = this.#parts;
    const accepted = take(mailbox.queue);
    if (accepted === undefined) return mailboxes.release(mailbox);
    if (!suspects.isFree(accepted.seq)) return this.#hold(mailbox, accepted);
    const { envelope } = accepted;
    const definition = definitions.get(envelope.target.type);
    if (definition === undefined) return;
    const running: Running = { ...accepted, cancellation: new Cancellation() };
    mailbox.running = running;
    slots.use();
    suspects.began(accepted.seq);
    let effects: Effects | Promise<Effects>;
    try {
      effects = activate(definition, cause(definition, running, this.#blocking));
    } catch (error) {
      return this.#park(mailbox, running, error);
    }
    if (effects instanceof Promise) void this.#finishLater(mailbox, running, effects);
    else this.#finish(mailbox, running, effects);
  }

  /** Leaves a message where it was until it may be handled. */
  #hold(mailbox: Mailbox, accepted: StoredMessage): void {
    const { mailboxes, suspects } = this.#parts;
    mailbox.queue.unshift(accepted);
    mailboxes.hold(mailbox);
    suspects.hold(accepted.seq, (hasSlot) => {
      if (!hasSlot) return mailboxes.putFirst(mailbox);
      mailboxes.letGo(mailbox);
      this.#due.push(mailbox);
    });
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
      return this.#park(mailbox, running, error);
    }
    this.#finish(mailbox, running, effects);
  }

  #finish(mailbox: Mailbox, running: Running, effects: Effects): void {
    this.#end(running.envelope);
    this.#parts.finished(mailbox, running, effects);
    this.#noteIdle();
  }

  #park(mailbox: Mailbox, running: Running, error: unknown): void {
    mailbox.running = undefined;
    this.#end(running.envelope);
    this.#parts.parked(running, error);
    this.#noteIdle();
  }

  #end(envelope: Envelope): void {
    const { gets, slots, suspects } = this.#parts;
    slots.leave();
    gets.endAll(envelope);
    suspects.slotFreed();
  }

  async #receive(envelope: Envelope, key: string): Promise<Reply> {
    const { replies, gets, mailboxes, suspects } = this.#parts;
    const seq = mailboxes.runningAt(envelope.target)?.seq;
    const listening = replies.listen(key);
    gets.begin({ key, envelope, stop: () => listening.stop() });
    if (seq !== undefined) suspects.blocked(seq);
    this.#noteIdle();
    this.findDeadlock();
    try {
      return await listening.reply;
    } finally {
      // A handler that waits for its mark is still blocked: nobody need wait for it to end.
      const marked = seq === undefined ? undefined : suspects.resumed(seq);
      if (marked !== undefined) await marked;
      gets.end(key);
    }
  }

  #isBusy(): boolean {
    return this.#parts.slots.used > this.#parts.gets.runs;
  }

  #noteIdle(): void {
    if (!this.#isBusy()) this.#onIdle();
  }

  /** Whether every slot is held by a handler that is blocked. */
  #isFullOfBlocked(): boolean {
    const { gets, slots } = this.#parts;
    return slots.areAllUsed && gets.runs === slots.used;
  }
}
