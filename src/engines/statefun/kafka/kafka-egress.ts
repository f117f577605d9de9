import type { HandbackError } from "../../../core/errors/errors.ts";
import type { Log } from "../../../core/host/log.ts";
import type { ClusterEgress, RecordListener } from "../client/cluster-port.ts";
import { kafkaFailureOf } from "./kafka-connection.ts";
import type { KafkaConnections } from "./kafka-connection.ts";
import { missingTopic, refused, unreachable } from "./kafka-failures.ts";
import { PartitionReading } from "./partition-reading.ts";
import { pauseAfter } from "./pause.ts";
import type { Time } from "./pause.ts";

/** Collaborators of a {@link KafkaEgress}. */
export interface KafkaEgressParts extends Time {
  readonly connections: () => Promise<KafkaConnections>;
  /** Type of the egress, `namespace/name`. */
  readonly type: string;
  /** Topic to which the egress writes. */
  readonly topic: string;
  /** Time for finding the ends of the topic, in ms. */
  readonly patienceMs: number;
  readonly log: Log;
}

/**
 * The way out of a cluster through Kafka: the committed records of a topic.
 *
 * KE1 Reading begins at offsets that are known before `receive` resolves, so no record that is
 * committed later is missed.
 */
export class KafkaEgress implements ClusterEgress {
  readonly type: string;
  readonly #parts: KafkaEgressParts;

  constructor(parts: KafkaEgressParts) {
    this.#parts = parts;
    this.type = parts.type;
  }

  /** @throws `STORE_BUSY`, `STORE_OPEN_FAILED`, `UNSUPPORTED` */
  async receive(
    onRecord: RecordListener,
    onLost: (error: HandbackError) => void,
  ): Promise<() => void> {
    const connections = await this.#parts.connections();
    const ends = await this.#ends(connections);
    const readings = ends.map((from, partition) => {
      const { topic, log, elapsedMs, sleep } = this.#parts;
      const time = { elapsedMs, sleep };
      return new PartitionReading(
        { ...time, connections, topic, partition, log, onRecord, onLost },
        from,
      );
    });
    for (const reading of readings) void reading.run();
    return () => {
      for (const reading of readings) reading.stop();
    };
  }

  async #ends(connections: KafkaConnections): Promise<readonly bigint[]> {
    const { topic, patienceMs, elapsedMs, sleep } = this.#parts;
    const until = elapsedMs() + patienceMs;
    for (let failures = 0; ; failures++) {
      const reader = connections.reader(topic);
      try {
        return await reader.ends();
      } catch (error) {
        const failure = kafkaFailureOf(error);
        if (failure === "refused") throw refused(error);
        if (elapsedMs() >= until)
          throw failure === "missing" ? missingTopic(topic, error) : unreachable(error);
      } finally {
        reader.close();
      }
      await sleep(pauseAfter(failures));
    }
  }
}
