import type { HandbackError } from "../../../core/errors/errors.ts";
import { logFacts } from "../../../core/errors/log-facts.ts";
import type { Log } from "../../../core/host/log.ts";
import type { RecordListener } from "../client/cluster-port.ts";
import { causeOf, kafkaFailureOf } from "./kafka-connection.ts";
import type { KafkaConnections, KafkaReader } from "./kafka-connection.ts";
import { lostReplies } from "./kafka-failures.ts";
import { pauseAfter } from "./pause.ts";
import type { Time } from "./pause.ts";

/** Collaborators of a {@link PartitionReading}. */
export interface PartitionReadingParts extends Time {
  readonly connections: KafkaConnections;
  readonly topic: string;
  readonly partition: number;
  readonly log: Log;
  readonly onRecord: RecordListener;
  readonly onLost: (error: HandbackError) => void;
}

/**
 * Reads the committed records of a partition until it is stopped.
 *
 * PR1 After any failure, reading goes on from the last record that was passed on.
 * PR2 If records were deleted before they were read, that is reported, and reading goes on with the
 * oldest one that is left.
 */
export class PartitionReading {
  readonly #parts: PartitionReadingParts;
  #next: bigint;
  #reader: KafkaReader | undefined;
  #failures = 0;
  #isStopped = false;

  /** @param from - offset of the first record */
  constructor(parts: PartitionReadingParts, from: bigint) {
    this.#parts = parts;
    this.#next = from;
  }

  async run(): Promise<void> {
    while (!this.#isStopped) {
      try {
        await this.#read();
      } catch (error) {
        await this.#recover(error);
      }
    }
  }

  stop(): void {
    this.#isStopped = true;
    this.#disconnect();
  }

  async #read(): Promise<void> {
    const { connections, topic, partition, log, onRecord } = this.#parts;
    this.#reader ??= connections.reader(topic);
    const { records, next } = await this.#reader.read(partition, this.#next);
    if (this.#failures > 0) log.info("the replies of the cluster are read again", { topic });
    this.#failures = 0;
    for (const record of records) if (!this.#isStopped) onRecord(record);
    this.#next = next;
  }

  async #recover(failed: unknown): Promise<void> {
    const { topic, partition, log, onLost, sleep } = this.#parts;
    if (this.#isStopped) return;
    if (kafkaFailureOf(failed) === "outOfRange") {
      const oldest = await this.#reader?.start(partition).catch(() => undefined);
      if (oldest !== undefined) {
        this.#next = oldest;
        return onLost(lostReplies(topic, failed));
      }
    }
    this.#disconnect();
    if (this.#failures++ === 0)
      log.warn("the replies of the cluster cannot be read, and the client tries again", {
        topic,
        ...logFacts(causeOf(failed)),
      });
    await sleep(pauseAfter(this.#failures));
  }

  #disconnect(): void {
    this.#reader?.close();
    this.#reader = undefined;
  }
}
