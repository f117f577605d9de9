import { addressKey } from "../../../core/message/address.ts";
import type { Address } from "../../../core/message/address.ts";
import type { Definition } from "../../../core/activation/definition.ts";
import type { DeadLetter, Effects, Send } from "../../../core/activation/effects.ts";
import type { Envelope } from "../../../core/message/envelope.ts";
import type { Environment } from "../../../core/activation/environment.ts";
import type { Queue } from "../../../core/data/queue.ts";
import type { GroupCommit } from "../commit/group-commit.ts";
import type { AddressState } from "../state/address-state.ts";
import type { StateCache } from "../state/state-cache.ts";
import type { History } from "../journal/history.ts";
import type { Journal } from "../journal/journal.ts";
import type { HeldMessages } from "../pausing/held-messages.ts";
import type { DelayedMessages } from "../timers/delayed-messages.ts";
import type { LeftWork } from "./left-work.ts";
import type { ScopeCancellation } from "./scope-cancellation.ts";

/** Collaborators of {@link EffectWriter}. */
export interface EffectWriterParts {
  readonly definitions: ReadonlyMap<string, Definition>;
  readonly environment: Environment;
  readonly cache: StateCache;
  readonly commits: GroupCommit;
  readonly delayed: DelayedMessages;
  readonly scopes: ScopeCancellation;
  readonly leftWork: LeftWork;
  readonly held: Pick<HeldMessages, "stateWritten">;
  readonly journal: Journal | undefined;
  readonly history: History | undefined;
  /** Messages to system functions, to be handled in the current batch. */
  readonly systemMessages: Queue<Envelope>;
}

/**
 * Writes the effects of activations into the current batch, and queues the messages to system
 * functions.
 */
export class EffectWriter {
  readonly #parts: EffectWriterParts;

  constructor(parts: EffectWriterParts) {
    this.#parts = parts;
  }

  /** Writes all effects of an activation. */
  write(effects: Effects): void {
    this.writeAllButSends(effects);
    this.writeSends(effects);
  }

  /**
   * Writes the effects of an activation except its sends. `opened` is the state of its address, if
   * still valid.
   */
  writeAllButSends(effects: Effects, opened?: AddressState): void {
    const { address, writes, replies, cancels, unwatches, watches } = effects;
    const { cancelScopes, closedScopes, deadLetters, purgedFlows, notes } = effects;
    if (writes.length > 0) this.#writeValues(effects, opened ?? this.#parts.cache.open(address));
    for (const reply of replies) this.#parts.commits.batch.replies.push(reply);
    for (const note of notes) this.#parts.history?.add(note);
    // Most activations do no more.
    if (
      cancels.length +
        unwatches.length +
        watches.length +
        cancelScopes.length +
        closedScopes.length +
        deadLetters.length +
        purgedFlows.length ===
      0
    )
      return;
    const { commits, scopes, leftWork } = this.#parts;
    const { batch } = commits;
    for (const token of cancels) this.#cancelDelayed(address, token);
    for (const watch of unwatches) {
      batch.unwatch({ ...watch, address });
      leftWork.noteEnd(watch.scope);
    }
    for (const watch of watches) batch.watch({ ...watch, address });
    for (const cancelled of cancelScopes) scopes.cancel(cancelled);
    for (const closed of closedScopes) scopes.close(closed);
    for (const letter of deadLetters) this.#addDeadLetter(letter);
    for (const flow of purgedFlows) this.#parts.journal?.deleteFlow(flow);
  }

  /** Writes the sends of an activation. */
  writeSends({ address, sends }: Effects): void {
    for (const send of sends) this.#send(address, send);
  }

  /**
   * Sends a message that need not wait for its time. One to a system function is handled in this
   * batch.
   */
  send(envelope: Envelope): void {
    if (this.#parts.definitions.get(envelope.target.type)?.system === true)
      this.#parts.systemMessages.push(envelope);
    else this.#parts.commits.accept(envelope);
  }

  #writeValues({ writes }: Effects, state: AddressState): void {
    const { batch } = this.#parts.commits;
    for (const { name, value, isDerived } of writes) {
      if (isDerived === true) batch.writeDerived(state.valueFor(name), value);
      else batch.write(state.valueFor(name), value);
      this.#parts.held.stateWritten(state.address, value === null);
    }
  }

  #send(sender: Address, { envelope, dueAt, token }: Send): void {
    // A blocked handler's sends pass through another function, but the token belongs to the
    // handler.
    const owner = envelope.caller ?? sender;
    const key = token === undefined ? undefined : delayedMessageKey(owner, token);
    // A token names one pending message, so a second message replaces the first.
    if (token !== undefined) this.#cancelDelayed(owner, token);
    if (dueAt !== undefined && dueAt > this.#parts.environment.clock.now()) {
      this.#parts.commits.accept(envelope, key === undefined ? { dueAt } : { dueAt, token: key });
    } else this.send(envelope);
  }

  /** Cancels the delayed message of a token, also one that was sent under a former name. */
  #cancelDelayed({ type, id }: Address, token: string): void {
    const definition = this.#parts.definitions.get(type);
    const names =
      definition === undefined ? [type] : [definition.type, ...(definition.aliases ?? [])];
    for (const name of names) {
      const key = delayedMessageKey({ type: name, id }, token);
      this.#parts.delayed.cancelToken(key);
      this.#parts.commits.batch.cancel(key);
    }
  }

  #addDeadLetter({ envelope, failure }: DeadLetter): void {
    const { commits, environment } = this.#parts;
    commits.batch.addDeadLetter({ envelope, failure, at: environment.clock.now() });
  }
}

function delayedMessageKey(address: Address, token: string): string {
  return `${addressKey(address)}\0${token}`;
}
