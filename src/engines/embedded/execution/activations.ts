import { activate } from "../../../core/activation/activate.ts";
import type { Cause } from "../../../core/activation/activation.ts";
import { addressKey, formatAddress } from "../../../core/message/address.ts";
import type { Address } from "../../../core/message/address.ts";
import { UNDEFINED } from "../../../core/codec/encoded.ts";
import { hasState } from "../../../core/activation/definition.ts";
import type { Definition } from "../../../core/activation/definition.ts";
import { SCOPE_CANCELLED } from "../../../core/activation/effects.ts";
import type { Effects, Send } from "../../../core/activation/effects.ts";
import type { Envelope } from "../../../core/message/envelope.ts";
import type { Environment } from "../../../core/activation/environment.ts";
import type { GroupCommit } from "../commit/group-commit.ts";
import type { Mailboxes, Running } from "./mailboxes.ts";
import type { DerivedValueWriter } from "../commit/derived-values.ts";
import { Queue } from "../../../core/data/queue.ts";
import { resolveAlias } from "./resolve-alias.ts";
import { NO_STATE } from "../state/address-state.ts";
import type { AddressState } from "../state/address-state.ts";
import type { StateCache } from "../state/state-cache.ts";
import type { StoredMessage, ScopeWatch } from "../../../stores/store.ts";
import type { CrashTracker } from "../poison/crash-tracker.ts";
import type { Timers } from "../timers/timers.ts";
import type { Unregistered } from "./unregistered.ts";
import { ScopeCancellation } from "./scope-cancellation.ts";

/** What activations work on. */
export interface ActivationsParts {
  readonly definitions: ReadonlyMap<string, Definition>;
  /** Withdraws messages for functions that are not registered. */
  readonly unregistered: Definition;
  readonly environment: Environment;
  readonly cache: StateCache;
  readonly commits: GroupCommit;
  readonly implied: DerivedValueWriter;
  readonly timers: Timers;
  readonly mailboxes: Mailboxes;
  readonly suspects: CrashTracker;
  /** Messages that wait for functions that are not registered. */
  readonly parked: Unregistered;
  /** Tells a handler that its message was withdrawn while it ran. */
  readonly tell: (running: Running) => void;
  /** There is something to commit, or to handle. */
  readonly changed: () => void;
}

/** What this engine's activations read their values from. */
type EngineCause = Cause & { readonly state: AddressState };
/** What an activation is not always given. */
type ActivationOptions = Pick<
  Cause,
  "blocking" | "cancellation" | "withdrawn" | "crashes" | "isFirstRun"
>;

/**
 * Takes over what activations did into the batch that gathers: values, messages, cancellations. What is sent to a system function is
 * handled there and then, and what that does is taken over in turn, until nothing is left to be handled.
 *
 * AC1 A system function runs in the batch that caused it; a message for a user's function is kept until it is durable.
 * AC2 The messages of a scope are withdrawn in the batch that cancels it, when nothing else is in flight, and before anything leaves that its
 *     being cancelled lets go on.
 */
export class Activations {
  readonly withdrawals = new ScopeCancellation();
  readonly #parts: ActivationsParts;
  readonly #system = new Queue<Envelope>();
  /** Activations that cancelled something: what they sent leaves once that is done. */
  readonly #held = new Queue<Effects>();
  readonly #isCancelled = (scope: string): boolean => this.withdrawals.isCancelled(scope);

  constructor(parts: ActivationsParts) {
    this.#parts = parts;
  }

  /** Adds a message to a system function, to be handled when the others are drained. */
  push(envelope: Envelope): void {
    this.#system.push(envelope);
  }

  /** Its scope was cancelled when its handler had ended, and what came of that was on its way here: that is taken back now. */
  withdrawLate({ scope }: Envelope, seq: number): void {
    if (!this.withdrawals.isPassedBy(seq) || scope === undefined) return;
    this.withdrawals.cancel(scope);
    this.drain();
  }

  /** Handles system messages until there are none: in this batch, for they are pure. Then what they cancelled is withdrawn. */
  drain(): void {
    do {
      if (this.withdrawals.isPending)
        for (const scope of this.withdrawals.takeBack()) this.#takeBack(scope);
      for (
        let envelope = this.#system.shift();
        envelope !== undefined;
        envelope = this.#system.shift()
      )
        this.#handle(envelope);
    } while (this.withdrawals.isPending || this.#sendHeld());
    this.withdrawals.end();
    this.#parts.changed();
  }

  /** Sends what was held back by the first activation that cancelled something. */
  #sendHeld(): boolean {
    const held = this.#held.shift();
    if (held !== undefined) this.#sendAll(held);
    return held !== undefined;
  }

  /** Takes over what an activation did, all of it. */
  take(effects: Effects): void {
    this.#apply(effects);
    this.#sendAll(effects);
  }

  #handle(envelope: Envelope): void {
    const definition = this.#parts.definitions.get(envelope.target.type);
    if (definition === undefined) return;
    const cause = this.cause(envelope, hasState(definition));
    const effects = activate(definition, cause);
    if (effects instanceof Promise) return;
    this.#apply(effects, cause.state);
    if (effects.cancelScopes.length > 0) this.#held.push(effects);
    else this.#sendAll(effects);
  }

  /** What an activation at the target of a message reads, and what surrounds it. */
  cause(envelope: Envelope, readsState: boolean, why: ActivationOptions = {}): EngineCause {
    const state = readsState ? this.#parts.cache.open(envelope.target, envelope.fresh) : NO_STATE;
    const { environment } = this.#parts;
    const { blocking, cancellation, withdrawn, crashes, isFirstRun } = why;
    return {
      envelope,
      state,
      environment,
      isCancelled: this.#isCancelled,
      blocking,
      cancellation,
      withdrawn,
      crashes,
      isFirstRun,
    };
  }

  #takeBack(scope: string): void {
    for (const accepted of this.#parts.commits.ofScope(scope)) this.#withdraw(accepted);
    for (const watching of this.#parts.commits.watchesOf(scope)) this.#alert(watching);
  }

  /** Tells an address that a scope which it watches is cancelled. */
  #alert(watching: ScopeWatch): void {
    const { scope, token, address } = watching;
    this.#parts.commits.batch.unwatch(watching);
    const definition = this.#parts.definitions.get(address.type);
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
      this.cause(envelope, hasState(definition), { withdrawn: "waiting" }),
    );
    if (effects instanceof Promise) return;
    this.take(effects);
  }

  /** Takes a message back: it is handed to its function as one that will not be handled, wherever it waits. */
  #withdraw(accepted: StoredMessage): void {
    const { seq, dueAt } = accepted;
    const { type } = accepted.envelope.target;
    const definition = this.#parts.definitions.get(type) ?? this.#parts.unregistered;
    const envelope = resolveAlias(accepted.envelope, definition);
    const running = this.#parts.mailboxes.runningAt(envelope.target);
    const isRunning = running?.seq === seq;
    if (isRunning && running.cancellation.isOver) return this.withdrawals.passBy(seq);
    if (isRunning) {
      running.cancellation.cancel();
      this.#parts.commits.batch.notices.push(() => this.#parts.tell(running));
    } else if (dueAt !== undefined) this.#parts.timers.forget(seq);
    else if (!this.#parts.commits.batch.inserts(seq)) {
      const isParked = definition === this.#parts.unregistered && !this.#parts.commits.changes(seq);
      if (isParked) this.#parts.parked.remove(type);
      else this.withdrawals.passBy(seq);
    }
    this.giveUp(accepted, { withdrawn: isRunning ? "running" : "waiting" });
  }

  /** Hands a message to its function as one that will not be handled, wherever it was. */
  giveUp(accepted: StoredMessage, why: ActivationOptions): void {
    const definition =
      this.#parts.definitions.get(accepted.envelope.target.type) ?? this.#parts.unregistered;
    this.remove(accepted);
    // No state is read for a user's function: it is not asked, and another message may be at work there.
    const readsState = definition.system && hasState(definition);
    const effects = activate(
      definition,
      this.cause(resolveAlias(accepted.envelope, definition), readsState, why),
    );
    if (effects instanceof Promise) return;
    this.take(effects);
  }

  /** A message is done with. */
  remove(accepted: StoredMessage): void {
    this.#parts.implied.writeBeforeRemoval(accepted);
    this.#parts.commits.remove(accepted);
    if (accepted.dueAt === undefined) this.#parts.suspects.over(accepted.seq);
  }

  /** Takes over what an activation did, but for what it sends. `opened` is the state of its address, if nothing has come between. */
  #apply(effects: Effects, opened?: AddressState): void {
    const { address, writes, cancels, replies, unwatches, watches, cancelScopes, deadLetters } =
      effects;
    if (writes.length > 0) {
      const state = opened ?? this.#parts.cache.open(address);
      const { batch } = this.#parts.commits;
      for (const { name, value, isDerived } of writes) {
        if (isDerived === true) batch.writeDerived(state.valueFor(name), value);
        else batch.write(state.valueFor(name), value);
      }
    }
    for (const answer of replies) this.#parts.commits.batch.replies.push(answer);
    // Most do no more.
    if (
      cancels.length +
        unwatches.length +
        watches.length +
        cancelScopes.length +
        deadLetters.length ===
      0
    )
      return;
    for (const token of cancels) this.#cancel(tokenKey(address, token));
    for (const watch of unwatches) this.#parts.commits.batch.unwatch({ ...watch, address });
    for (const watch of watches) this.#parts.commits.batch.watch({ ...watch, address });
    for (const scope of cancelScopes) this.withdrawals.cancel(scope);
    for (const letter of deadLetters) this.#bury(letter.envelope, letter.failure);
  }

  #bury(envelope: Envelope, failure: Effects["deadLetters"][number]["failure"]): void {
    this.#parts.commits.batch.addDeadLetter({
      envelope,
      failure,
      at: this.#parts.environment.clock.now(),
    });
    this.#parts.environment.log.warn(
      `a message to ${formatAddress(envelope.target)} is dead: it failed, and is kept as a dead letter`,
      {
        failure,
      },
    );
  }

  #sendAll({ address, sends }: Effects): void {
    for (const send of sends) this.#send(address, send);
  }

  #send(sender: Address, { envelope, dueAt, token }: Send): void {
    // What a blocked handler sends passes through a gate; the token is the handler's.
    const key = token === undefined ? undefined : tokenKey(envelope.caller ?? sender, token);
    // A token names one pending message: a second one takes its place.
    if (key !== undefined) this.#cancel(key);
    if (dueAt !== undefined && dueAt > this.#parts.environment.clock.now()) {
      this.#parts.commits.accept({ envelope, dueAt, ...(key !== undefined && { token: key }) });
    } else this.forward(envelope);
  }

  /** A message that need not wait for its time: one for a system function is handled in this batch. */
  forward(envelope: Envelope): void {
    if (this.#parts.definitions.get(envelope.target.type)?.system === true)
      this.#system.push(envelope);
    else this.#parts.commits.accept({ envelope });
  }

  #cancel(key: string): void {
    this.#parts.timers.cancel(key);
    this.#parts.commits.batch.cancel(key);
  }
}

function tokenKey(address: Address, token: string): string {
  return `${addressKey(address)}\0${token}`;
}
