import { activate } from "../../../core/activation/activate.ts";
import type { Address } from "../../../core/message/address.ts";
import { hasState } from "../../../core/activation/definition.ts";
import type { Definition } from "../../../core/activation/definition.ts";
import type { DeadLetter, Effects } from "../../../core/activation/effects.ts";
import type { Envelope } from "../../../core/message/envelope.ts";
import { Queue } from "../../../core/data/queue.ts";
import type { ScopeWatch, StoredMessage } from "../../../stores/store.ts";
import type { GroupCommit } from "../commit/group-commit.ts";
import type { Dispatcher } from "../dispatch/dispatcher.ts";
import type { Intake } from "../intake/intake.ts";
import type { Running } from "../mailboxes/running.ts";
import type { Causes } from "./causes.ts";
import type { EffectWriter } from "./effect-writer.ts";
import type { MessageCancellation } from "./message-cancellation.ts";
import type { LeftWork } from "./left-work.ts";
import type { ScopeCancellation } from "./scope-cancellation.ts";

/** Collaborators of {@link Activations}. */
export interface ActivationsParts {
  readonly definitions: ReadonlyMap<string, Definition>;
  readonly causes: Causes;
  readonly effects: EffectWriter;
  readonly cancellation: MessageCancellation;
  readonly scopes: ScopeCancellation;
  readonly leftWork: LeftWork;
  /** Messages to system functions, to be handled in the current batch. */
  readonly systemMessages: Queue<Envelope>;
  readonly commits: GroupCommit;
  readonly dispatcher: Dispatcher;
}

/**
 * Runs activations of system functions in the current batch, until no message to one is left, and
 * takes the effects of users' handlers into it.
 *
 * AC1 A system function runs in the batch that caused it. A message for a user's function is stored
 *     until it is durable.
 * AC2 The messages of a scope are canceled in the batch that cancels the scope: when no activation
 *     is in progress, and before any message leaves that the cancellation releases.
 */
export class Activations implements Intake {
  readonly #parts: ActivationsParts;
  /**
   * Effects of activations that canceled a scope. Their sends leave once the scope's messages are
   * canceled.
   */
  readonly #heldEffects = new Queue<Effects>();
  #count = 0;

  constructor(parts: ActivationsParts) {
    this.#parts = parts;
  }

  /** The number of messages that system functions have handled. */
  get count(): number {
    return this.#count;
  }

  handle(request: Envelope): void {
    this.#parts.systemMessages.push(request);
    this.#drain();
  }

  targetsOf(request: Envelope): readonly Address[] {
    const { definitions, causes } = this.#parts;
    const definition = definitions.get(request.target.type);
    if (definition === undefined) return [];
    // System functions are pure, so the request can be handled once to see its effects.
    const effects = activate(definition, causes.of(request, hasState(definition)));
    if ("then" in effects) return [];
    const targets = effects.sends
      .filter(({ dueAt }) => dueAt === undefined)
      .map(({ envelope }) => envelope.target);
    return targets.filter(({ type }) => definitions.get(type)?.system !== true);
  }

  send(messages: readonly Envelope[]): void {
    for (const message of messages) this.#parts.effects.send(message);
    this.#drain();
  }

  deliverDue(messages: readonly StoredMessage[]): void {
    const { commits, effects, leftWork } = this.#parts;
    for (const message of messages) {
      commits.remove(message);
      leftWork.noteEnd(message.envelope.scope);
      effects.send(message.envelope);
    }
    this.#drain();
  }

  unwatch(watch: ScopeWatch): void {
    this.#parts.commits.batch.unwatch(watch);
    this.#parts.leftWork.noteEnd(watch.scope);
  }

  discard({ envelope, failure }: DeadLetter): void {
    this.#parts.cancellation.handOver(envelope, { discarded: failure });
    this.#drain();
  }

  /** Gives up a message that has crashed the process too often. */
  giveUpPoisoned(message: StoredMessage, crashes: number): void {
    this.#parts.cancellation.giveUp(message, { crashes });
    this.#drain();
  }

  /** Takes the effects that a blocked handler has had so far. */
  takeFlushed(effects: Effects): void {
    this.#parts.effects.write(effects);
    this.#drain();
  }

  /** Takes the effects of a handler that has ended, and removes its message. */
  takeFinished(running: Running, effects: Effects): void {
    const { cancellation, effects: writer, scopes } = this.#parts;
    const { scope } = running.envelope;
    const isCancelled = cancellation.removeRunning(running);
    writer.write(effects);
    this.#drain();
    // The scope was canceled before these effects were written: what they started is canceled now.
    if (!isCancelled || scope === undefined) return;
    scopes.cancel({ scope });
    this.#drain();
  }

  /** Handles system messages until none is left, and cancels the messages of canceled scopes. */
  #drain(): void {
    const { scopes, leftWork, cancellation, systemMessages, dispatcher } = this.#parts;
    do {
      if (scopes.isPending)
        for (let scope = scopes.takeNext(); scope !== undefined; scope = scopes.takeNext())
          cancellation.cancelScope(scope);
      for (
        let envelope = systemMessages.shift();
        envelope !== undefined;
        envelope = systemMessages.shift()
      )
        this.#run(envelope);
    } while (scopes.isPending || this.#sendHeld() || this.#closeScopes());
    scopes.finish();
    leftWork.removeEmpty();
    dispatcher.wake();
  }

  #run(envelope: Envelope): void {
    const { definitions, causes, effects: writer } = this.#parts;
    const definition = definitions.get(envelope.target.type);
    if (definition === undefined) return;
    this.#count++;
    const cause = causes.of(envelope, hasState(definition));
    const effects = activate(definition, cause);
    if ("then" in effects) return;
    writer.writeAllButSends(effects, cause.state);
    if (effects.cancelScopes.length > 0) this.#heldEffects.push(effects);
    else writer.writeSends(effects);
  }

  /** Links closed scopes in which work is left. Tells whether one of them is canceled. */
  #closeScopes(): boolean {
    const { scopes, leftWork } = this.#parts;
    for (let closed = scopes.takeClosed(); closed !== undefined; closed = scopes.takeClosed())
      leftWork.close(closed);
    return scopes.isPending;
  }

  /** Writes the sends of the first activation whose effects were held. Tells whether one was. */
  #sendHeld(): boolean {
    const held = this.#heldEffects.shift();
    if (held !== undefined) this.#parts.effects.writeSends(held);
    return held !== undefined;
  }
}
