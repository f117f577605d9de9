import { activate } from "../../../core/activation/activate.ts";
import { formatAddress } from "../../../core/message/address.ts";
import { UNDEFINED } from "../../../core/codec/encoded.ts";
import { GRACE_MS, hasState } from "../../../core/activation/definition.ts";
import type { Definition } from "../../../core/activation/definition.ts";
import { HELD_WATCH, SCOPE_CANCELLED } from "../../../core/activation/effects.ts";
import type { CancelledScope, Effects } from "../../../core/activation/effects.ts";
import type { Envelope } from "../../../core/message/envelope.ts";
import { HandbackError } from "../../../core/errors/errors.ts";
import type { Clock } from "../../../core/host/clock.ts";
import { setLongTimer } from "../../../core/host/long-timer.ts";
import type { StoredMessage, StoreInfo, ScopeWatch } from "../../../stores/store.ts";
import type { DerivedValueWriter } from "../commit/derived-value-writer.ts";
import type { GroupCommit } from "../commit/group-commit.ts";
import type { Lifecycle } from "../lifecycle/lifecycle.ts";
import type { Mailboxes } from "../mailboxes/mailboxes.ts";
import type { Running } from "../mailboxes/running.ts";
import { findDefinition, missingFunction } from "../mailboxes/find-definition.ts";
import { resolveAlias } from "../mailboxes/resolve-alias.ts";
import type { Unregistered } from "../mailboxes/unregistered.ts";
import type { CrashTracker } from "../poison/crash-tracker.ts";
import type { DelayedMessages } from "../timers/delayed-messages.ts";
import type { CauseOptions, Causes } from "./causes.ts";
import type { EffectWriter } from "./effect-writer.ts";
import type { LeftWork } from "./left-work.ts";
import type { ScopeCancellation } from "./scope-cancellation.ts";

/** Collaborators of {@link MessageCancellation}. */
export interface MessageCancellationParts {
  readonly definitions: ReadonlyMap<string, Definition>;
  /** Cancels messages for functions that are not registered. */
  readonly fallback: Definition;
  readonly causes: Causes;
  readonly effects: EffectWriter;
  readonly scopes: ScopeCancellation;
  readonly leftWork: LeftWork;
  readonly commits: GroupCommit;
  readonly derivedValues: DerivedValueWriter;
  readonly delayed: DelayedMessages;
  readonly mailboxes: Mailboxes;
  readonly unregistered: Unregistered;
  readonly crashTracker: CrashTracker;
  readonly storeInfo: Pick<StoreInfo, "nextSeq">;
  readonly lifecycle: Lifecycle;
  /** A clock whose timers stop the engine when they throw. */
  readonly clock: Clock;
}

/** Gives up a canceled run that did not end in its time. */
export type AbandonRun = (running: Running, graceMs: number) => void;

/**
 * Cancels messages: removes each from wherever it waits, and hands it to its function as a message
 * that will not be handled.
 *
 * MC1 A message that is being handled is replaced by the record of its run, in the batch that
 *     cancels it. The record is removed in the batch of the run's effects. Otherwise it is
 *     delivered: at the next start after a crash, or when the run exceeds its grace.
 */
export class MessageCancellation {
  readonly #parts: MessageCancellationParts;
  #abandon: AbandonRun = () => undefined;

  constructor(parts: MessageCancellationParts) {
    this.#parts = parts;
  }

  /** Connects the handler runs, which give up runs that do not end. */
  connect(abandon: AbandonRun): void {
    this.#abandon = abandon;
  }

  /** Cancels all messages of a scope, and notifies the addresses that watch it. */
  cancelScope({ scope, graceMs }: CancelledScope): void {
    const { commits, leftWork } = this.#parts;
    for (const message of commits.messagesInScope(scope)) this.#cancel(message, graceMs);
    for (const watch of commits.watchesInScope(scope)) this.#notify(watch);
    leftWork.cancelInside({ scope, graceMs });
  }

  /** Hands a message to its function as one that will not be handled, and removes it. */
  giveUp(message: StoredMessage, reason: CauseOptions): void {
    this.remove(message);
    this.handOver(message.envelope, reason);
  }

  /** Hands a message that is not stored to its function as one that will not be handled. */
  handOver(message: Envelope, reason: CauseOptions): void {
    const effects = this.#effectsOf(message, reason);
    if (effects !== undefined) this.#parts.effects.write(effects);
  }

  #effectsOf(message: Envelope, reason: CauseOptions): Effects | undefined {
    const { definitions, fallback, causes } = this.#parts;
    const definition = findDefinition(definitions, message) ?? fallback;
    // A user's function is not called, and another message may be running there, so its state is
    // not read.
    const readsState = definition.system && hasState(definition);
    const envelope = resolveAlias(message, definition);
    const effects = activate(definition, causes.of(envelope, readsState, reason));
    return "then" in effects ? undefined : effects;
  }

  /** Removes a message that is done. */
  remove(message: StoredMessage): void {
    const { derivedValues, commits, crashTracker, leftWork } = this.#parts;
    derivedValues.writeBeforeRemoval(message);
    commits.remove(message);
    leftWork.noteEnd(message.envelope.scope);
    if (message.dueAt === undefined) crashTracker.messageDone(message.seq);
  }

  /**
   * Removes the message of a run that has ended, or the record in its place. Tells whether the
   * message was canceled.
   */
  removeRunning(running: Running): boolean {
    const { commits, scopes } = this.#parts;
    const { record } = running;
    running.stopGrace?.();
    if (record === undefined) {
      this.remove(running.message);
      return scopes.takeSkipped(running.seq);
    }
    // Its commit delivers no message that this batch inserted and dropped.
    if (commits.batch.inserts(record.seq)) scopes.takeSkipped(record.seq);
    this.remove(record);
    return true;
  }

  #cancel(message: StoredMessage, graceMs: number | undefined): void {
    const { definitions, fallback, commits, delayed, mailboxes, scopes, storeInfo } = this.#parts;
    const { seq, dueAt } = message;
    const { envelope } = message;
    const definition = findDefinition(definitions, envelope) ?? fallback;
    const { target } = resolveAlias(envelope, definition);
    const running = mailboxes.runningAt(target);
    if (running?.seq === seq)
      return running.cancellation.isOver
        ? scopes.skip(seq)
        : this.#cancelRunning(running, graceMs ?? definition.graceMs ?? GRACE_MS);
    if (dueAt !== undefined) delayed.forget(seq);
    else if (!commits.batch.inserts(seq)) {
      const isUnregistered = definition === fallback && !commits.changes(seq);
      if (isUnregistered) this.#parts.unregistered.remove(missingFunction(definitions, envelope));
      else scopes.skip(seq);
    }
    // A message of an earlier start may have been handled before, up to a crash.
    const isFirstRun = dueAt !== undefined || seq >= storeInfo.nextSeq;
    this.giveUp(message, { withdrawn: "waiting", isFirstRun });
  }

  /** Replaces the message of a running handler by the record of its run. */
  #cancelRunning(running: Running, graceMs: number): void {
    const { commits, scopes, effects: writer } = this.#parts;
    this.remove(running.message);
    const effects = this.#effectsOf(running.envelope, { withdrawn: "running" });
    if (effects === undefined) return;
    writer.writeAllButSends(effects);
    for (const { envelope } of effects.sends) {
      if (envelope.id !== running.envelope.id) writer.send(envelope);
      else {
        running.record = commits.accept(envelope);
        scopes.skip(running.record.seq);
        for (const send of running.cancellation.cancel(envelope)) writer.send(send.envelope);
      }
    }
    commits.batch.afterCommit.push(() => this.#abort(running, graceMs));
  }

  /** Aborts the handler of a canceled message, once the cancellation is durable. */
  #abort(running: Running, graceMs: number): void {
    const { envelope, cancellation } = running;
    const reason = new HandbackError(
      "CANCELLED",
      `the work of ${formatAddress(envelope.target)} was cancelled while it ran`,
    );
    cancellation.abort(reason);
    const { lifecycle, clock } = this.#parts;
    if (cancellation.isOver || lifecycle.hasStopped) return;
    if (graceMs === 0) return this.#abandon(running, graceMs);
    const giveUp = (): void => this.#abandon(running, graceMs);
    running.stopGrace = setLongTimer(clock, graceMs, giveUp);
  }

  /** Hands a held dead letter to its function, which replaces it. */
  #cancelHeld(id: string): void {
    const { commits } = this.#parts;
    const letter = commits.deadLetter(id);
    if (letter === undefined) return;
    commits.batch.deleteDeadLetter(id);
    this.handOver(letter.envelope, { withdrawn: "held", discarded: letter.failure });
  }

  /** Notifies an address that a scope it watches is canceled. */
  #notify(watch: ScopeWatch): void {
    const { definitions, causes, commits, leftWork, effects: writer } = this.#parts;
    const { scope, token, address } = watch;
    commits.batch.unwatch(watch);
    leftWork.noteEnd(scope);
    if (token.startsWith(HELD_WATCH)) return this.#cancelHeld(token.slice(HELD_WATCH.length));
    const definition = definitions.get(address.type);
    if (definition === undefined) return;
    const envelope: Envelope = {
      id: address.id,
      target: address,
      name: SCOPE_CANCELLED,
      payload: UNDEFINED,
      control: { token },
      scope,
    };
    const effects = activate(
      definition,
      causes.of(envelope, hasState(definition), { withdrawn: "waiting" }),
    );
    if ("then" in effects) return;
    writer.write(effects);
  }
}
