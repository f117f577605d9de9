import { activate } from "../../../core/activation/activate.ts";
import { formatAddress } from "../../../core/message/address.ts";
import { UNDEFINED } from "../../../core/codec/encoded.ts";
import { hasState } from "../../../core/activation/definition.ts";
import type { Definition } from "../../../core/activation/definition.ts";
import { SCOPE_CANCELLED } from "../../../core/activation/effects.ts";
import type { Envelope } from "../../../core/message/envelope.ts";
import { HandbackError } from "../../../core/errors/errors.ts";
import type { StoredMessage, ScopeWatch } from "../../../stores/store.ts";
import type { DerivedValueWriter } from "../commit/derived-value-writer.ts";
import type { GroupCommit } from "../commit/group-commit.ts";
import type { Mailboxes, Running } from "../mailboxes/mailboxes.ts";
import { findDefinition, missingFunction } from "../mailboxes/find-definition.ts";
import { resolveAlias } from "../mailboxes/resolve-alias.ts";
import type { Unregistered } from "../mailboxes/unregistered.ts";
import type { CrashTracker } from "../poison/crash-tracker.ts";
import type { DelayedMessages } from "../timers/delayed-messages.ts";
import type { BlockedGets } from "../blocking/blocked-gets.ts";
import type { CauseOptions, Causes } from "./causes.ts";
import type { EffectWriter } from "./effect-writer.ts";
import type { ScopeCancellation } from "./scope-cancellation.ts";

/** Collaborators of {@link MessageCancellation}. */
export interface MessageCancellationParts {
  readonly definitions: ReadonlyMap<string, Definition>;
  /** Cancels messages for functions that are not registered. */
  readonly fallback: Definition;
  readonly causes: Causes;
  readonly effects: EffectWriter;
  readonly scopes: ScopeCancellation;
  readonly commits: GroupCommit;
  readonly derivedValues: DerivedValueWriter;
  readonly delayed: DelayedMessages;
  readonly mailboxes: Mailboxes;
  readonly unregistered: Unregistered;
  readonly crashTracker: CrashTracker;
  readonly gets: BlockedGets;
}

/**
 * Cancels messages: removes each from wherever it waits, and hands it to its function as a message
 * that will not be handled.
 */
export class MessageCancellation {
  readonly #parts: MessageCancellationParts;

  constructor(parts: MessageCancellationParts) {
    this.#parts = parts;
  }

  /** Cancels all messages of a scope, and notifies the addresses that watch it. */
  cancelScope(scope: string): void {
    const { commits } = this.#parts;
    for (const message of commits.messagesInScope(scope)) this.#cancel(message);
    for (const watch of commits.watchesInScope(scope)) this.#notify(watch);
  }

  /** Hands a message to its function as one that will not be handled, and removes it. */
  giveUp(message: StoredMessage, reason: CauseOptions): void {
    this.remove(message);
    this.handOver(message.envelope, reason);
  }

  /** Hands a message that is not stored to its function as one that will not be handled. */
  handOver(message: Envelope, reason: CauseOptions): void {
    const { definitions, fallback, causes } = this.#parts;
    const definition = findDefinition(definitions, message) ?? fallback;
    // A user's function is not called, and another message may be running there, so its state is
    // not read.
    const readsState = definition.system && hasState(definition);
    const envelope = resolveAlias(message, definition);
    const effects = activate(definition, causes.of(envelope, readsState, reason));
    if (effects instanceof Promise) return;
    this.#parts.effects.write(effects);
  }

  /** Removes a message that is done. */
  remove(message: StoredMessage): void {
    const { derivedValues, commits, crashTracker } = this.#parts;
    derivedValues.writeBeforeRemoval(message);
    commits.remove(message);
    if (message.dueAt === undefined) crashTracker.messageDone(message.seq);
  }

  #cancel(message: StoredMessage): void {
    const { definitions, fallback, commits, delayed, mailboxes, scopes } = this.#parts;
    const { seq, dueAt } = message;
    const { envelope } = message;
    const definition = findDefinition(definitions, envelope) ?? fallback;
    const { target } = resolveAlias(envelope, definition);
    const running = mailboxes.runningAt(target);
    const isRunning = running?.seq === seq;
    if (isRunning && running.cancellation.isOver) return scopes.skip(seq);
    if (isRunning) {
      running.cancellation.cancel();
      commits.batch.afterCommit.push(() => this.#abort(running));
    } else if (dueAt !== undefined) delayed.forget(seq);
    else if (!commits.batch.inserts(seq)) {
      const isUnregistered = definition === fallback && !commits.changes(seq);
      if (isUnregistered) this.#parts.unregistered.remove(missingFunction(definitions, envelope));
      else scopes.skip(seq);
    }
    this.giveUp(message, { withdrawn: isRunning ? "running" : "waiting" });
  }

  /** Aborts the handler of a canceled message, once the cancellation is durable. */
  #abort({ envelope, cancellation }: Running): void {
    const reason = new HandbackError(
      "CANCELLED",
      `the work of ${formatAddress(envelope.target)} was cancelled while it ran`,
    );
    cancellation.abort(reason);
    this.#parts.gets.rejectAll(envelope, reason);
  }

  /** Notifies an address that a scope it watches is canceled. */
  #notify(watch: ScopeWatch): void {
    const { definitions, causes, commits, effects: writer } = this.#parts;
    const { scope, token, address } = watch;
    commits.batch.unwatch(watch);
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
    if (effects instanceof Promise) return;
    writer.write(effects);
  }
}
