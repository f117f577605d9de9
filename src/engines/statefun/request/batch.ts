import { activate } from "../../../core/activation/activate.ts";
import type { Definition } from "../../../core/activation/definition.ts";
import type { StoredValue } from "../../../core/activation/effects.ts";
import type { Environment } from "../../../core/activation/environment.ts";
import type { Envelope } from "../../../core/message/envelope.ts";
import type { Invocation } from "../wire/request.ts";
import { attempt, attemptLater } from "./attempt.ts";
import type { Outgoing } from "./outgoing.ts";

/** A batch of messages for one address. */
export interface Batch {
  readonly definition: Definition;
  readonly stored: ReadonlyMap<string, StoredValue>;
  readonly invocations: readonly Invocation[];
  /** Decodes a message. @throws if its bytes are not of its type */
  readonly decode: (invocation: Invocation) => Envelope;
  readonly environment: Environment;
}

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
 * effects, and the others count.
 */
export async function runBatch(batch: Batch, outgoing: Outgoing): Promise<BatchResults> {
  const { definition, stored, invocations, decode, environment } = batch;
  const changes = new Map<string, StoredValue | null>();
  const parked: Unhandled[] = [];
  const refused: Unhandled[] = [];
  const read = (name: string): StoredValue | undefined => {
    const changed = changes.get(name);
    return changed === undefined ? stored.get(name) : (changed ?? undefined);
  };
  for (const invocation of invocations) {
    const envelope = attempt(() => decode(invocation));
    if ("error" in envelope) {
      refused.push({ invocation, ...envelope });
      continue;
    }
    const cause = { envelope: envelope.value, state: { read }, environment };
    const effects = await attemptLater(() => activate(definition, cause));
    if ("error" in effects) {
      parked.push({ invocation, ...effects });
      continue;
    }
    const added = attempt(() => outgoing.add(effects.value));
    if ("error" in added) refused.push({ invocation, ...added });
    else for (const { name, value } of effects.value.writes) changes.set(name, value);
  }
  return { parked, refused };
}
