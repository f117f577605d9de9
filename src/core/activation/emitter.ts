import type { Encoded } from "../codec/encoded.ts";
import type { MessageId } from "../message/message-id.ts";

/** A run of a handler that emits. Each run of a message is another one. */
export interface EmittingRun {
  /** Id of its message, which all its runs share. */
  readonly id: MessageId;
  /**
   * Tells the runs of the message apart: the position of the first item of this run. A later run has
   * a larger one. The engine sets it.
   */
  epoch?: number;
}

/** One item for a stream of a flow. */
export interface Emission {
  readonly run: EmittingRun;
  /** Number of the flow. */
  readonly flow: string;
  /** Key of the flow. */
  readonly owner: string;
  readonly channel: string;
  readonly value: Encoded;
}

/** Adds items to streams while a handler runs: the optional capability `streams`. */
export interface Emitter {
  /**
   * Adds an item at once. Nothing undoes that. The promise resolves when the item is durable, and
   * need not be awaited.
   * @throws `OVERLOADED` if too many items are not durable yet
   */
  emit(emission: Emission): Promise<void>;
}

/** Largest number of items, and of their characters, that are not durable yet. */
export const MOST_EMITTED = {
  run: { items: 65_536, chars: 16_777_216 },
  engine: { items: 524_288, chars: 134_217_728 },
} as const;

/** Returns the topic in the journal of a channel. */
export function streamTopic(channel: string): string {
  return `stream/${channel}`;
}
