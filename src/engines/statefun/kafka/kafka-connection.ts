import type { TypedBytes } from "../wire/request.ts";

/** A record to write. */
export interface KafkaMessage {
  readonly topic: string;
  readonly key: string;
  readonly value: Uint8Array;
}

/** Connections to Kafka. A closed one rejects what is under way. */
export interface KafkaConnections {
  writer(): KafkaWriter;
  reader(topic: string): KafkaReader;
}

/** A connection that writes. */
export interface KafkaWriter {
  /**
   * Writes records, those of one key in order. Resolves once all of them are on enough brokers.
   * @throws {@link KafkaError}; then some may have been taken
   */
  write(messages: readonly KafkaMessage[]): Promise<void>;
  close(): void;
}

/** A connection that reads the committed records of a topic. */
export interface KafkaReader {
  /** Returns, for each partition, the offset from which on records are not committed yet. */
  ends(): Promise<readonly bigint[]>;
  /** Returns the offset of the oldest record that is left. */
  start(partition: number): Promise<bigint>;
  /** Waits a while for records from an offset on. */
  read(partition: number, from: bigint): Promise<RecordBlock>;
  close(): void;
}

/** Records of a partition, in order, typed by their keys. */
export interface RecordBlock {
  readonly records: readonly TypedBytes[];
  /** Offset of the record after them. */
  readonly next: bigint;
}

/**
 * What a failure of Kafka means:
 *
 * - `passing`: another attempt may succeed
 * - `missing`: there is no such topic, or not yet
 * - `refused`: the client may not do this
 * - `tooLarge`: the records are larger than the topic takes
 * - `outOfRange`: the offset is not in the topic, or no longer
 */
export type KafkaFailure = "passing" | "missing" | "refused" | "tooLarge" | "outOfRange";

/** A failure of Kafka. */
export class KafkaError extends Error {
  readonly failure: KafkaFailure;

  constructor(failure: KafkaFailure, cause: unknown) {
    super(`Kafka failed: ${failure}`, { cause });
    this.failure = failure;
  }
}

/** Returns the kind of a failure. Any other error passes. */
export function kafkaFailureOf(error: unknown): KafkaFailure {
  return error instanceof KafkaError ? error.failure : "passing";
}

/** Returns the error of Kafka's client. */
export function causeOf(error: unknown): unknown {
  return error instanceof KafkaError ? error.cause : error;
}
