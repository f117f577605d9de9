import type { Address } from "../message/address.ts";
import { append } from "../data/append.ts";
import type { Encoded } from "../codec/encoded.ts";
import type { Cancellation } from "./cancellation.ts";
import type {
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
import type { Json } from "../data/json.ts";
import type { Run } from "./meter.ts";

/** Reads one address's persisted values as they were when the message was taken up. */
export interface StateReader {
  read(name: string): StoredValue | undefined;
}

/** Reserved value that holds an address's age-out time; its own expiry is that of the whole state. */
export const AGE_OUT_VALUE = "@life";

/** Most activations do little: what they do not do costs no list. Never changed. */
const EMPTY: readonly never[] = [];

/** What an activation is about, and what surrounds it. */
export interface Cause {
  readonly envelope: Envelope;
  readonly state: StateReader;
  readonly environment: Environment;
  /** Given by engines that can let a handler wait. */
  readonly blocking?: Blocking | undefined;
  /** Tells a handler that its work is no longer wanted; given by engines that can withdraw messages. */
  readonly cancellation?: Cancellation | undefined;
  /** The message is withdrawn with its scope, and not to be handled; `running` when its handler is at work, and does not hear of this. */
  readonly withdrawn?: "waiting" | "running" | undefined;
  /** The process died so many times in a row while it handled the message, which is not to be handled any more. */
  readonly crashes?: number | undefined;
  /** Whether a scope has just been cancelled, so that what comes up in it comes of that. */
  readonly isCancelled?: (scope: string) => boolean;
  /** No earlier run of the message can have left anything behind: told by engines that know. */
  readonly isFirstRun?: boolean | undefined;
}

/**
 * One message being handled: reads values, and collects effects.
 *
 * A1 One instant: everything in an activation happens at `now`; expiry is decided here, whatever an engine has collected.
 * A2 Nothing is applied: all it does is in its Effects, until an engine commits them.
 * A3 `rollBack` forgets state, sends, cancellations and answers, except what was flushed.
 */
export class Activation implements Effects {
  readonly envelope: Envelope;
  readonly environment: Environment;
  /** Present where the handler can wait. */
  readonly blocking: Blocking | undefined;
  readonly cancellation: Cancellation | undefined;
  readonly withdrawn: "waiting" | "running" | undefined;
  readonly crashes: number | undefined;
  readonly isFirstRun: boolean;
  readonly #isCancelled: ((scope: string) => boolean) | undefined;
  readonly now: number;
  sends: Send[] = [];
  run: Run | undefined;
  #writes: ValueWrite[] | undefined;
  #cancels: string[] | undefined;
  #replies: Reply[] | undefined;
  #cancelScopes: string[] | undefined;
  #unwatches: Watch[] | undefined;
  #watches: Watch[] | undefined;
  #deadLetters: DeadLetter[] | undefined;
  readonly #valueNames: readonly string[];
  readonly #state: StateReader;
  /** Whether the whole state is past its age-out time; unknown until a value is read. */
  #aged: boolean | undefined;

  constructor(valueNames: readonly string[], cause: Cause) {
    const { envelope, state, environment } = cause;
    this.#valueNames = valueNames;
    this.envelope = envelope;
    this.#state = state;
    this.environment = environment;
    this.blocking = cause.blocking;
    this.cancellation = cause.cancellation;
    this.withdrawn = cause.withdrawn;
    this.crashes = cause.crashes;
    this.isFirstRun = cause.isFirstRun === true;
    this.#isCancelled = cause.isCancelled;
    this.now = environment.clock.now();
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

  get cancelScopes(): readonly string[] {
    return this.#cancelScopes ?? EMPTY;
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

  /** The value as it stands, this activation's own writes included. */
  read(name: string): StoredValue | undefined {
    const written = this.#written(name);
    if (written !== undefined) return written.value ?? undefined;
    return this.#aged === true || (this.#aged === undefined && this.#checkAge())
      ? undefined
      : this.#alive(name);
  }

  /** Whether it has written the value, or deleted it. */
  hasWritten(name: string): boolean {
    return this.#written(name) !== undefined;
  }

  /** Reads control data. */
  json(name: string): Json | undefined {
    return this.read(name)?.content.json;
  }

  /** Sets a value, with the instant from which it counts as absent. */
  write(name: string, content: Content, expiresAt?: number): void {
    this.#put(name, expiresAt === undefined ? { content } : { content, expiresAt });
  }

  /** Sets a value that a message tells which is sent with it. */
  writeDerived(name: string, content: Content): void {
    this.#put(name, { content }, true);
  }

  /** Deletes a value; one that is absent stays absent. */
  delete(name: string): void {
    this.#put(name, null);
  }

  /** Deletes every value of this address. */
  deleteAll(): void {
    for (const name of this.#valueNames) this.delete(name);
  }

  /** Lets the whole state count as absent `afterMs` after its last handled message; `undefined` lets it live. */
  setAgeOut(afterMs: number | undefined): void {
    if (afterMs === undefined) this.delete(AGE_OUT_VALUE);
    else this.write(AGE_OUT_VALUE, { json: afterMs }, this.now + afterMs);
  }

  /** The age-out time that is set, in ms. */
  ageOutMs(): number | undefined {
    const life = this.json(AGE_OUT_VALUE);
    return typeof life === "number" ? life : undefined;
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

  cancelSend(token: string): void {
    this.#cancels = append(this.#cancels, token);
    // A message sent and cancelled in one activation never leaves: cancellations are applied before sends.
    this.sends = this.sends.filter((send) => send.token !== token);
  }

  /**
   * Withdraws all messages of a scope, and of those whose names begin with its name, where the engine can, once what is under way
   * has come to rest.
   */
  cancelScope(scope: string): void {
    this.#cancelScopes = append(this.#cancelScopes, scope);
  }

  /** Has this address told, by a message named `GUARD`, when a scope is cancelled, where the engine can. */
  watch(scope: string, token: string): void {
    this.#watches = append(this.#watches, { scope, token });
  }

  /** Takes a watch away; one that is not there changes nothing. */
  unwatch(scope: string, token: string): void {
    this.#watches = this.#watches?.filter(
      (watch) => watch.scope !== scope || watch.token !== token,
    );
    this.#unwatches = append(this.#unwatches, { scope, token });
  }

  /** Whether a scope has just been cancelled: nothing is to be begun in it. */
  isCancelled(scope: string | undefined): boolean {
    return scope !== undefined && this.#isCancelled?.(scope) === true;
  }

  replyTo(key: string, payload: Encoded, control?: Json): void {
    this.#replies = append<Reply>(
      this.#replies,
      control === undefined ? { key, payload } : { key, payload, control },
    );
  }

  deadLetter(envelope: Envelope, failure: Json): void {
    this.#deadLetters = append(this.#deadLetters, { envelope, failure });
  }

  /** Hands over what was sent so far, to be committed ahead of the rest. */
  takeSends(): Effects {
    const { address, cancels, sends, replies, unwatches, watches, cancelScopes, deadLetters } =
      this;
    this.sends = [];
    this.#cancels = undefined;
    this.#replies = undefined;
    this.#unwatches = undefined;
    this.#watches = undefined;
    this.#cancelScopes = undefined;
    this.#deadLetters = undefined;
    return {
      address,
      writes: EMPTY,
      cancels,
      sends,
      replies,
      unwatches,
      watches,
      cancelScopes,
      deadLetters,
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

  /** A function writes few values: they are found faster one by one than by a map. */
  #written(name: string): ValueWrite | undefined {
    if (this.#writes !== undefined)
      for (const write of this.#writes) if (write.name === name) return write;
    return undefined;
  }

  #alive(name: string): StoredValue | undefined {
    const stored = this.#state.read(name);
    return stored === undefined || (stored.expiresAt !== undefined && stored.expiresAt <= this.now)
      ? undefined
      : stored;
  }

  #checkAge(): boolean {
    const life = this.#valueNames.includes(AGE_OUT_VALUE)
      ? this.#state.read(AGE_OUT_VALUE)
      : undefined;
    this.#aged = life !== undefined && this.#alive(AGE_OUT_VALUE) === undefined;
    if (this.#aged) this.deleteAll();
    return this.#aged;
  }
}
