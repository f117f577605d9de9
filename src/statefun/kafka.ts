import { toHex } from "../core/crypto/hex.ts";
import type { FieldsFirstLog } from "../core/host/fields-first-log.ts";
import { logOption } from "../core/host/log-option.ts";
import type { Log } from "../core/host/log.ts";
import type { Duration } from "../core/validation/duration.ts";
import {
  checkedBy,
  durationMs,
  invalidOption,
  optional,
  readOptions,
  wholeNumber,
  withDefault,
} from "../core/validation/options.ts";
import type { OptionTable } from "../core/validation/options.ts";
import { consoleLog } from "../engines/embedded/host/console-log.ts";
import { secret } from "../engines/embedded/host/secure-random.ts";
import type { ClusterEgress, ClusterIngress } from "../engines/statefun/client/cluster-port.ts";
import type { KafkaConnections } from "../engines/statefun/kafka/kafka-connection.ts";
import { KafkaEgress } from "../engines/statefun/kafka/kafka-egress.ts";
import { KafkaIngress } from "../engines/statefun/kafka/kafka-ingress.ts";
import { loadKafka } from "../engines/statefun/kafka/kafka-library.ts";
import { connect } from "../engines/statefun/kafka/platformatic-kafka.ts";
import type { KafkaSecurity } from "../engines/statefun/kafka/platformatic-kafka.ts";
import { monotonicMs, sleep } from "../machine/real-time.ts";
import { KAFKA_NAME, kafkaNames } from "./kafka-names.ts";

export type { KafkaSecurity } from "../engines/statefun/kafka/platformatic-kafka.ts";

/** Options of {@link kafka}. */
export interface KafkaOptions {
  /** Addresses of brokers, `host:port`. One that answers is enough to find the others. */
  readonly brokers: readonly string[];
  /**
   * Begins the names of the topics, as in `moduleYaml`. Clients of one cluster use the same name.
   * Default: `"handback"`.
   */
  readonly name?: string;
  /**
   * Time for which a request is sent again until a broker confirms it, and for the first connection.
   * Default: 30 seconds.
   */
  readonly patience?: Duration;
  /**
   * The setting `max.message.bytes` of the topic of replies. A reply or dead letter that is larger
   * leaves without its value. Default: 1,048,588, as in Kafka.
   */
  readonly maxMessageBytes?: number;
  /** Encryption and authentication, as `@platformatic/kafka` takes them. Default: none. */
  readonly security?: KafkaSecurity;
  /** Log of broken connections. Default: warnings and errors go to `console`. */
  readonly log?: Log | FieldsFirstLog;
}

/** The way of a client into a cluster and out of it, as options of `statefun`. */
export interface Kafka {
  readonly ingress: ClusterIngress;
  readonly egress: ClusterEgress;
  /** The topic of replies, by the type of their egress. */
  readonly kafkaTopics: Readonly<Record<string, string>>;
  /** The largest record of the topic of replies in bytes, by the type of their egress. */
  readonly recordLimits: Readonly<Record<string, number>>;
}

const OPTIONS = {
  brokers: checkedBy<readonly string[]>(readBrokers),
  name: KAFKA_NAME,
  patience: withDefault("30s", durationMs()),
  maxMessageBytes: withDefault(1_048_588, wholeNumber({ from: 16_640 })),
  security: optional(checkedBy<KafkaSecurity>(readSecurity)),
  log: withDefault(consoleLog, logOption),
} satisfies OptionTable<KafkaOptions>;

/** Bytes of the random name of a client. */
const NAME_BYTES = 8;
/** Room for what a broker adds to a record: the heads of the record and of its batch. */
const BATCH_BYTES = 256;

/**
 * Leads a client into a Stateful Functions cluster and out of it through Kafka: requests go to the
 * topics that the cluster's ingress reads, and replies come from the topic of its egress, once they
 * are committed. Needs the package `@platformatic/kafka`. `moduleYaml` tells the cluster of the topics.
 *
 * A request that no broker confirms in time is `STORE_FAILED`, because it may have been taken. If no
 * broker can be reached it is `STORE_BUSY`, and without the topics or the right to use them
 * `STORE_OPEN_FAILED`. A request that is larger than its topic takes is `PAYLOAD_TOO_LARGE`. Without
 * the package, the first request is `UNSUPPORTED`.
 *
 * @throws `INVALID_OPTIONS`, `INVALID_DELAY`
 * @example
 * import { fn } from "handback";
 * import { statefun } from "handback/statefun";
 * import { kafka } from "handback/statefun/kafka";
 *
 * const hello = fn("docs/hello", (_, name: string) => `hello ${name}`);
 * const engine = statefun({ functions: [hello], ...kafka({ brokers: ["127.0.0.1:9092"] }) });
 * // Serve engine.fetch or engine.node, then: await engine.client.call(hello, "Ada")
 * engine.close();
 */
export function kafka(options: KafkaOptions): Kafka {
  const used = readOptions("kafka", OPTIONS, options);
  const { brokers, name, patience, maxMessageBytes, security, log } = used;
  const names = kafkaNames(name);
  const clientName = `${name}-${toHex(secret(NAME_BYTES))}`;
  let loading: Promise<KafkaConnections> | undefined;
  const parts = {
    connections: () =>
      (loading ??= loadKafka().then((library) =>
        connect(library, { ...security, brokers, clientName }),
      )),
    patienceMs: patience,
    elapsedMs: monotonicMs,
    sleep,
  };
  return {
    ingress: new KafkaIngress({ ...parts, topics: names.requests }),
    egress: new KafkaEgress({ ...parts, type: names.egress, topic: names.replies, log }),
    kafkaTopics: { [names.egress]: names.replies },
    recordLimits: { [names.egress]: maxMessageBytes - BATCH_BYTES },
  };
}

function readSecurity(value: unknown, name: string): KafkaSecurity {
  if (typeof value === "object" && value !== null) return value;
  throw invalidOption(name, "an object", value);
}

function readBrokers(value: unknown, name: string): readonly string[] {
  const isBroker = (broker: unknown): boolean =>
    typeof broker === "string" && /^(\[[\da-fA-F:]+\]|[^\s:/]+):\d{1,5}$/.test(broker);
  if (Array.isArray(value) && value.length > 0 && value.every(isBroker))
    return value as readonly string[];
  throw invalidOption(name, 'a list of "host:port"', value);
}
