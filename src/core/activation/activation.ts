import type { Address } from "../message/address.ts";
import { append } from "../data/append.ts";
import { AGE_OUT_VALUE, isAwaited, readAgeOut, withOrigin, writeAgeOut } from "./age-out.ts";
import type { IsUnderWay } from "./age-out.ts";
import { UNDEFINED } from "../codec/encoded.ts";
import type { Encoded } from "../codec/encoded.ts";
import type { Cancellation } from "./cancellation.ts";
import type {
  CancelledScope,
  ClosedScope,
  Reply,
  Content,
  DeadLetter,
  Effects,
  Send,
  StoredValue,
  ValueWrite,
  Watch,
} from "./effects.ts";
import type { Envelope } from "../message/envelope.ts";
import type { Blocking, Environment } from "./environment.ts";
import type { Emitter } from "./emitter.ts";
import type { HistoryNote } from "./history-note.ts";
import type { Json } from "../data/json.ts";
import { flowOf } from "../message/message-id.ts";
import type { Run } from "./meter.ts";

/** Reads one address's persisted values as of the start of the activation. */
export interface StateReader {
  read(name: string): StoredValue | undefined;
  /**
   * The names of all stored values, also of those that the function no longer declares. Absent on an
   * engine that gives an activation the declared values only. A name may have no value.
   */
  readonly names?: readonly string[];
}

/**
 * Shared empty list: an activation allocates no list for effects that it does not have. Never
 * mutated.
 */
const EMPTY: readonly never[] = [];

/** The inputs of an activation: the message, the state, and the environment. */
export interface Cause {
  readonly envelope: Envelope;
  readonly state: StateReader;
  readonly environment: Environment;
  /** Given by engines that can let a handler wait. */
  readonly blocking?: Blocking | undefined;
  /** Given by engines with `streams`. */
  readonly emitter?: Emitter | undefined;
  /**
   * Tells a running handler that its work was canceled. Given by engines that can cancel messages.
   */
  readonly cancellation?: Cancellation | undefined;
  /**
   * The message is canceled with its scope and will not be handled. `running`: its handler is at
   * work and hears of it later. The function then sends one message, the *record* of the run. The
   * engine stores it until the run has ended, and delivers it if the run never ends. `held`: it is a
   * held dead letter, which the function replaces.
   */
  readonly withdrawn?: "waiting" | "running" | "held" | undefined;
  /**
   * The process crashed this many times in a row while it handled the message, which is given up.
   */
  readonly crashes?: number | undefined;
  /** Instant (ms) at which the message was ready to be handled. Given by engines with `history`. */
  readonly queuedAt?: number | undefined;
  /** The usage of a run that was given up, with the record of the run. */
  readonly abandonedRun?: Run | undefined;
  /** The failure of a message that was given up and held, and is now discarded or canceled. */
  readonly discarded?: Json | undefined;
  /** Tells whether a scope was canceled in this batch. */
  readonly isCancelled?: (scope: string) => boolean;
  /** Tells whether an origin has work that is not done. Given by engines that can look it up. */
  readonly isUnderWay?: IsUnderWay | undefined;
  /**
   * True if no earlier run of the message can have left anything behind. Given by engines that
   * know.
   */
  readonly isFirstRun?: boolean | undefined;
}

/**
 * One message being handled: it reads values and collects effects.
 *
 * A1 One instant: everything in an activation happens at `now`. Expiry is decided here, whatever an
 * engine has collected.
 * A2 Nothing is applied: an activation only adds to its Effects, which an engine commits.
 * A3 `rollBack` forgets state, sends, cancellations and replies, except those that were flushed.
 */
export class Activation implements Effects {
  readonly #cause: Cause;
  readonly envelope: Envelope;
  readonly environment: Environment;
  readonly now: number;
  sends: Send[] = [];
  run: Run | undefined;
  #writes: ValueWrite[] | undefined;
  #cancels: string[] | undefined;
  #replies: Reply[] | undefined;
  #cancelScopes: CancelledScope[] | undefined;
  #closedScopes: ClosedScope[] | undefined;
  #unwatches: Watch[] | undefined;
  #watches: Watch[] | undefined;
  #deadLetters: DeadLetter[] | undefined;
  #purgedFlows: string[] | undefined;
  #notes: HistoryNote[] | undefined;
  readonly #valueNames: readonly string[];
  /** True if the whole state is past its age-out time. Unknown until a value is read. */
  #aged: boolean | undefined;

  constructor(valueNames: readonly string[], cause: Cause) {
    this.#valueNames = valueNames;
    this.#cause = cause;
    this.envelope = cause.envelope;
    this.environment = cause.environment;
    this.now = cause.environment.clock.now();
  }

  /** Present if the handler can wait. */
  get blocking(): Blocking | undefined {
    return this.#cause.blocking;
  }

  /** Present if the handler can emit while it runs. */
  get emitter(): Emitter | undefined {
    return this.#cause.emitter;
  }

  get cancellation(): Cancellation | undefined {
    return this.#cause.cancellation;
  }

  get withdrawn(): Cause["withdrawn"] {
    return this.#cause.withdrawn;
  }

  get crashes(): number | undefined {
    return this.#cause.crashes;
  }

  get queuedAt(): number | undefined {
    return this.#cause.queuedAt;
  }

  get abandonedRun(): Run | undefined {
    return this.#cause.abandonedRun;
  }

  get discarded(): Json | undefined {
    return this.#cause.discarded;
  }

  get isFirstRun(): boolean {
    return this.#cause.isFirstRun === true;
  }

  get address(): Address {
    return this.envelope.target;
  }

  get writes(): readonly ValueWrite[] {
    return this.#writes ?? EMPTY;
  }

  get cancels(): readonly string[] {
    return this.#cancels ?? EMPTY;
  }

  get replies(): readonly Reply[] {
    return this.#replies ?? EMPTY;
  }

  get cancelScopes(): readonly CancelledScope[] {
    return this.#cancelScopes ?? EMPTY;
  }

  get closedScopes(): readonly ClosedScope[] {
    return this.#closedScopes ?? EMPTY;
  }

  get unwatches(): readonly Watch[] {
    return this.#unwatches ?? EMPTY;
  }

  get watches(): readonly Watch[] {
    return this.#watches ?? EMPTY;
  }

  get deadLetters(): readonly DeadLetter[] {
    return this.#deadLetters ?? EMPTY;
  }

  get notes(): readonly HistoryNote[] {
    return this.#notes ?? EMPTY;
  }

  get purgedFlows(): readonly string[] {
    return this.#purgedFlows ?? EMPTY;
  }

  /** Returns the current value, including this activation's own writes. */
  read(name: string): StoredValue | undefined {
    const written = this.#written(name);
    if (written !== undefined) return written.value ?? undefined;
    return this.#aged === true || (this.#aged === undefined && this.#checkAge())
      ? undefined
      : this.#alive(name);
  }

  /** Tells whether this activation has written or deleted the value. */
  hasWritten(name: string): boolean {
    return this.#written(name) !== undefined;
  }

  /** Reads control data. */
  json(name: string): Json | undefined {
    return this.read(name)?.content.json;
  }

  /** Sets a value, and the instant from which it counts as absent. */
  write(name: string, content: Content, expiresAt?: number): void {
    this.#put(name, expiresAt === undefined ? { content } : { content, expiresAt });
  }

  /** Sets a value that can be derived from a message sent by this activation. */
  writeDerived(name: string, content: Content): void {
    this.#put(name, { content }, true);
  }

  /** Deletes a value. An absent value stays absent. */
  delete(name: string): void {
    this.#put(name, null);
  }

  /**
   * Returns the names of the values that may be stored at this address: the declared ones and, if
   * the engine knows them, those of former versions of the function.
   */
  storedNames(): readonly string[] {
    const former =
      this.#cause.state.names?.filter((name) => !this.#valueNames.includes(name)) ?? [];
    return former.length === 0 ? this.#valueNames : [...this.#valueNames, ...former];
  }

  /** Deletes every value of this address, also those of former versions of the function. */
  deleteAll(): void {
    for (const name of this.storedNames()) this.delete(name);
  }

  /**
   * Makes the whole state count as absent `afterMs` after its last message, if no work is under way
   * that may come back to it. `undefined` removes the limit.
   */
  setAgeOut(afterMs: number | undefined): void {
    if (afterMs === undefined) return this.delete(AGE_OUT_VALUE);
    const known = readAgeOut(this.json(AGE_OUT_VALUE))?.origins ?? [];
    const origins = withOrigin(this.envelope, known, this.#cause.isUnderWay);
    // A handler may have run, or been blocked, for longer than the state lives.
    const endedAt = Math.max(this.now, this.environment.clock.now());
    this.write(AGE_OUT_VALUE, { json: writeAgeOut({ afterMs, origins }) }, endedAt + afterMs);
  }

  /** Returns the age-out time in ms, if one is set. */
  ageOutMs(): number | undefined {
    return readAgeOut(this.json(AGE_OUT_VALUE))?.afterMs;
  }

  send(envelope: Envelope, dueAt?: number, token?: string): void {
    const send =
      dueAt === undefined
        ? { envelope }
        : token === undefined
          ? { envelope, dueAt }
          : { envelope, dueAt, token };
    this.sends = append<Send>(this.sends, send);
  }

  /** Runs an action and returns the messages that it sends, which are not kept. */
  collectSends(action: () => void): readonly Send[] {
    const kept = this.sends;
    this.sends = [];
    action();
    const collected = this.sends;
    this.sends = kept;
    return collected;
  }

  cancelSend(token: string): void {
    this.#cancels = append(this.#cancels, token);
    // A message that is sent and canceled in one activation never leaves, because cancellations are
    // applied before sends.
    this.sends = this.sends.filter((send) => send.token !== token);
  }

  /**
   * Cancels all messages of a scope and of the scopes inside it, once the current batch has come to
   * rest. Engines without `scopedCancel` ignore it.
   *
   * @param graceMs time after which its running handlers are given up; default: that of each
   *   function
   */
  cancelScope(scope: string, graceMs?: number): void {
    this.#cancelScopes = append<CancelledScope>(this.#cancelScopes, { scope, graceMs });
  }

  /**
   * Tells the engine that the boundary of a scope has settled: work that is left in it is canceled
   * with `parent` from now on. Engines without `scopedCancel` ignore it.
   */
  closeScope(scope: string, parent: string): void {
    this.#closedScopes = append<ClosedScope>(this.#closedScopes, { scope, parent });
  }

  /**
   * Asks the engine to send this address a message named `SCOPE_CANCELLED` when a scope is
   * canceled. Engines without `scopedCancel` ignore it.
   */
  watch(scope: string, token: string): void {
    this.#watches = append(this.#watches, { scope, token });
  }

  /** Removes a watch. Removing an absent one changes nothing. */
  unwatch(scope: string, token: string): void {
    this.#watches = this.#watches?.filter(
      (watch) => watch.scope !== scope || watch.token !== token,
    );
    this.#unwatches = append(this.#unwatches, { scope, token });
  }

  /** Tells whether a scope was canceled in this batch, so that nothing may start in it. */
  isCancelled(scope: string | undefined): boolean {
    return scope !== undefined && this.#cause.isCancelled?.(scope) === true;
  }

  replyTo(key: string, payload: Encoded, control?: Json): void {
    this.#replies = append<Reply>(
      this.#replies,
      control === undefined ? { key, payload } : { key, payload, control },
    );
  }

  /** Replies with a receipt. */
  confirm(key: string, control: Json): void {
    const receipt: Reply = { key, payload: UNDEFINED, control, isReceipt: true };
    this.#replies = append(this.#replies, receipt);
  }

  deadLetter(envelope: Envelope, failure: Json): void {
    this.#deadLetters = append(this.#deadLetters, { envelope, failure });
  }

  /** Adds an entry to the history of a flow. */
  note(note: HistoryNote): void {
    this.#notes = append(this.#notes, note);
  }

  /** Deletes what the journal holds of a flow, by its number. */
  purgeJournal(flow: string): void {
    this.#purgedFlows = append(this.#purgedFlows, flow);
  }

  /** Takes the messages sent so far out of the activation, to be committed ahead of the rest. */
  takeSends(): Effects {
    const { address, cancels, sends, replies, unwatches, watches } = this;
    const { cancelScopes, closedScopes, deadLetters, purgedFlows, notes } = this;
    this.sends = [];
    this.#cancels = undefined;
    this.#replies = undefined;
    this.#unwatches = undefined;
    this.#watches = undefined;
    this.#cancelScopes = undefined;
    this.#closedScopes = undefined;
    this.#deadLetters = undefined;
    this.#purgedFlows = undefined;
    this.#notes = undefined;
    return {
      address,
      writes: EMPTY,
      cancels,
      sends,
      replies,
      unwatches,
      watches,
      cancelScopes,
      closedScopes,
      deadLetters,
      purgedFlows,
      notes,
      run: undefined,
    };
  }

  rollBack(): void {
    this.#writes = undefined;
    this.#aged = undefined;
    this.takeSends();
  }

  #put(name: string, value: StoredValue | null, isDerived = false): void {
    if (this.#aged === undefined) this.#checkAge();
    const written = this.#written(name);
    if (written === undefined)
      this.#writes = append<ValueWrite>(this.#writes, { name, value, isDerived });
    else [written.value, written.isDerived] = [value, isDerived];
  }

  /** A linear search: an activation writes few values, and a map is slower. */
  #written(name: string): ValueWrite | undefined {
    if (this.#writes !== undefined)
      for (const write of this.#writes) if (write.name === name) return write;
    return undefined;
  }

  #alive(name: string): StoredValue | undefined {
    const stored = this.#cause.state.read(name);
    // The state's own age was checked before, and decides by more than the time.
    return stored === undefined || (name !== AGE_OUT_VALUE && this.#isPast(stored))
      ? undefined
      : stored;
  }

  #isPast({ expiresAt }: StoredValue): boolean {
    return expiresAt !== undefined && expiresAt <= this.now;
  }

  #checkAge(): boolean {
    const life = this.#valueNames.includes(AGE_OUT_VALUE)
      ? this.#cause.state.read(AGE_OUT_VALUE)
      : undefined;
    this.#aged = life !== undefined && this.#isPast(life) && !this.#isAwaited(life);
    if (this.#aged) this.deleteAll();
    return this.#aged;
  }

  /** Tells whether work is under way that may come back to this state: this message, or other. */
  #isAwaited({ content }: StoredValue): boolean {
    const ageOut = readAgeOut(content.json);
    if (ageOut === undefined) return false;
    const own = flowOf(this.envelope.id);
    return isAwaited(
      this.address,
      ageOut,
      (origin) => origin === own || this.#cause.isUnderWay?.(origin) === true,
    );
  }
}
