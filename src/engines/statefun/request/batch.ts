import { activate } from "../../../core/activation/activate.ts";
import type { Cause, StateReader } from "../../../core/activation/activation.ts";
import type { Definition } from "../../../core/activation/definition.ts";
import type { Effects, StoredValue } from "../../../core/activation/effects.ts";
import type { Environment } from "../../../core/activation/environment.ts";
import { toBase64 } from "../../../core/codec/base64.ts";
import { digest } from "../../../core/crypto/digest.ts";
import type { HandbackError } from "../../../core/errors/errors.ts";
import type { Address } from "../../../core/message/address.ts";
import type { Envelope } from "../../../core/message/envelope.ts";
import { expiredValues, nextExpiry } from "../../../core/state/expired-values.ts";
import type { CrashGuard } from "../../../core/host/crash-guard.ts";
import type { Invocation, TypedBytes } from "../wire/request.ts";
import { attempt, attemptLater } from "./attempt.ts";
import { MESSAGE_TYPES, readEnvelope } from "./message-format.ts";
import type { Outgoing } from "./outgoing.ts";
import type { ValueFormats } from "./value-formats.ts";

/** A batch of messages for one address. */
export interface Batch {
  readonly definition: Definition;
  readonly target: Address;
  readonly stored: ReadonlyMap<string, StoredValue>;
  readonly formats: ValueFormats;
  readonly invocations: readonly Invocation[];
  /** Decodes a message. @throws if its bytes are not of its type */
  readonly decode: (invocation: Invocation) => Envelope;
  readonly environment: Environment;
  /** Bounds the crashes of user code, if there is a place for marks. */
  readonly crashGuard: CrashGuard | undefined;
  /** Messages whose effects are known to have no room, and why. Their handlers do not run. */
  readonly refusals: ReadonlyMap<Invocation, HandbackError>;
  /** Finds how a message fails for those that wait for it. */
  readonly refusalOf: FindRefusal;
}

/** How a message fails for those that wait for it: a reply to its client, or an activation. */
export type Refusal =
  | { readonly key: string }
  | ({ readonly definition: Definition } & Pick<Cause, "envelope" | "discarded">);

/** Finds how a message fails whose effects cannot leave. `undefined`: nothing waits for it. */
export type FindRefusal = (
  definition: Definition,
  envelope: Envelope,
  error: unknown,
) => Refusal | undefined;

/** The results of a batch beside the messages that leave. */
export interface BatchResults {
  /** Messages that this code cannot handle now, such as one for a state of a newer version. */
  readonly parked: readonly Unhandled[];
  /** Messages that can never be handled, because they or their effects cannot be on the wire. */
  readonly refused: readonly Unhandled[];
}

/** A message that had no effects, and the reason. */
export interface Unhandled {
  readonly invocation: Invocation;
  readonly error: unknown;
}

/**
 * Handles the messages of a batch, one after the other, and adds their effects to `outgoing`. Each
 * message sees the values that the one before it left. A message that fails as a whole has no
 * effects but its failure for those that wait for it, and the others count.
 */
export async function runBatch(batch: Batch, outgoing: Outgoing): Promise<BatchResults> {
  const run = new BatchRun(batch, outgoing);
  for (const invocation of batch.invocations) await run.handle(invocation);
  run.collectExpired();
  return run;
}

class BatchRun implements BatchResults {
  readonly parked: Unhandled[] = [];
  readonly refused: Unhandled[] = [];
  readonly #batch: Batch;
  readonly #outgoing: Outgoing;
  readonly #values: Map<string, StoredValue>;
  readonly #state: StateReader = { read: (name) => this.#values.get(name) };
  /** True if a message is under way that deletes expired values. */
  #isCollected: boolean;
  #isCollecting = false;

  constructor(batch: Batch, outgoing: Outgoing) {
    this.#batch = batch;
    this.#outgoing = outgoing;
    this.#values = new Map(batch.stored);
    this.#isCollected = nextExpiry(this.#expiring()) !== undefined;
  }

  async handle(invocation: Invocation): Promise<void> {
    const { argument } = invocation;
    switch (argument?.typename) {
      case MESSAGE_TYPES.collect:
        this.#isCollecting = true;
        return;
      case MESSAGE_TYPES.held:
        return this.#release(invocation, argument);
      default:
        return this.#activate(invocation);
    }
  }

  /**
   * Deletes expired values if a collect message came, and schedules the next one. One message is
   * under way for that as long as a value with an expiry is stored.
   */
  collectExpired(): void {
    if (this.#isCollecting) {
      this.#isCollected = false;
      const now = this.#batch.environment.clock.now();
      for (const name of expiredValues(this.#values, this.#expiring(), now)) {
        this.#values.delete(name);
        this.#outgoing.delete(name);
      }
    }
    const at = nextExpiry(this.#expiring());
    if (at !== undefined && !this.#isCollected) this.#outgoing.collectAt(at);
  }

  /** Sends a message on that waited for its target. */
  async #release(invocation: Invocation, held: TypedBytes): Promise<void> {
    const envelope = attempt(() => readEnvelope(held));
    if ("error" in envelope) return void this.refused.push({ invocation, ...envelope });
    const refusal = this.#batch.refusals.get(invocation);
    if (refusal !== undefined) return this.#refuse(invocation, envelope.value, refusal);
    const released = attempt(() => this.#outgoing.release(envelope.value));
    if ("error" in released) return this.#refuse(invocation, envelope.value, released.error);
  }

  async #activate(invocation: Invocation): Promise<void> {
    const envelope = attempt(() => this.#batch.decode(invocation));
    if ("error" in envelope) return void this.refused.push({ invocation, ...envelope });
    const refusal = this.#batch.refusals.get(invocation);
    if (refusal !== undefined) return this.#refuse(invocation, envelope.value, refusal);
    const effects = await attemptLater(() => this.#run(invocation, envelope.value));
    if ("error" in effects) return void this.parked.push({ invocation, ...effects });
    const { caller } = envelope.value;
    const added = attempt(() => this.#add(effects.value, caller));
    if ("error" in added) return this.#refuse(invocation, envelope.value, added.error);
  }

  #add(effects: Effects, caller: Address | undefined): void {
    this.#outgoing.add(effects, caller);
    for (const { name, value } of effects.writes)
      if (value === null) this.#values.delete(name);
      else this.#values.set(name, value);
  }

  /** Makes a message a dead letter, and lets it fail for those that wait for it. */
  async #refuse(invocation: Invocation, envelope: Envelope, error: unknown): Promise<void> {
    this.refused.push({ invocation, error });
    const { definition, environment, refusalOf } = this.#batch;
    const refusal = refusalOf(definition, envelope, error);
    if (refusal === undefined) return;
    const { payload, caller } = envelope;
    if ("key" in refusal) return this.#outgoing.addEmptyReply({ key: refusal.key, payload });
    const { definition: failing, ...cause } = refusal;
    const effects = await attemptLater(() =>
      activate(failing, { ...cause, state: this.#state, environment }),
    );
    if ("value" in effects) attempt(() => this.#add(effects.value, caller));
  }

  /** Lists the values that only a message of this library deletes. */
  *#expiring(): Iterable<readonly [string, StoredValue]> {
    const { formats } = this.#batch;
    for (const entry of this.#values)
      if (formats.get(entry[0])?.isExpiredByCluster === false) yield entry;
  }

  #run(invocation: Invocation, envelope: Envelope): Effects | Promise<Effects> {
    const { definition, target, environment, crashGuard } = this.#batch;
    const cause = { envelope, state: this.#state, environment };
    if (crashGuard === undefined || definition.system) return activate(definition, cause);
    const key = keyOf(target, invocation);
    return crashGuard.run(key, (crashes) => activate(definition, { ...cause, crashes }));
  }
}

/** Names a message, the same way in each request that repeats it. */
function keyOf({ type, id }: Address, { argument }: Invocation): string {
  const { typename = "", bytes = new Uint8Array() } = argument ?? {};
  return digest(JSON.stringify([type, id, typename, toBase64(bytes)]));
}
