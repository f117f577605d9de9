import { isError } from "../../../core/data/kind.ts";
import { committedRecords } from "./committed-records.ts";
import { KafkaError } from "./kafka-connection.ts";
import type {
  KafkaConnections,
  KafkaFailure,
  KafkaMessage,
  KafkaReader,
  KafkaWriter,
  RecordBlock,
} from "./kafka-connection.ts";
import type { KafkaConsumer, KafkaLibrary, KafkaProducer } from "./kafka-library.ts";

/** Encryption and authentication of the connections, as `@platformatic/kafka` takes them. */
export interface KafkaSecurity {
  readonly tls?: object;
  readonly tlsServerName?: boolean | string;
  readonly sasl?: object;
}

/** How to reach the brokers. */
export interface KafkaAddress extends KafkaSecurity {
  readonly brokers: readonly string[];
  readonly clientName: string;
}

/** Time for a connection, and for the answer to a request, in ms. */
const [CONNECT_MS, ANSWER_MS] = [3_000, 10_000];
/** Time for which a broker holds a read that finds no record, in ms. */
const READ_WAIT_MS = 1_000;
/** Most bytes of one read. A larger record comes alone. */
const READ_BYTES = 8_388_608;
/** All replicas in sync have a record before it counts. */
const ALL_IN_SYNC = -1;
/** Oldest record of a partition, as a time. */
const OLDEST = -2n;

/** What failures mean, by the names that Kafka gives them. */
const FAILURES: readonly (readonly [KafkaFailure, readonly string[]])[] = [
  ["outOfRange", ["OFFSET_OUT_OF_RANGE"]],
  ["tooLarge", ["MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE"]],
  ["missing", ["UNKNOWN_TOPIC_OR_PARTITION", "UNKNOWN_TOPIC_ID"]],
  [
    "refused",
    [
      "TOPIC_AUTHORIZATION_FAILED",
      "CLUSTER_AUTHORIZATION_FAILED",
      "SASL_AUTHENTICATION_FAILED",
      "UNSUPPORTED_SASL_MECHANISM",
      "INVALID_TOPIC_EXCEPTION",
    ],
  ],
];

/** Connects by `@platformatic/kafka`, without its retries: a caller repeats what failed. */
export function connect(library: KafkaLibrary, address: KafkaAddress): KafkaConnections {
  const { brokers, clientName, ...security } = address;
  const options = {
    ...security,
    clientId: clientName,
    bootstrapBrokers: [...brokers],
    retries: 0,
    connectTimeout: CONNECT_MS,
    timeout: ANSWER_MS,
    requestTimeout: ANSWER_MS,
  };
  const wrapped = <Result>(action: () => Promise<Result>): Promise<Result> =>
    action().catch((error: unknown) => {
      throw kafkaError(library, error);
    });
  return {
    writer: () => writerOf(new library.Producer({ ...options, acks: ALL_IN_SYNC }), wrapped),
    reader: (topic) => {
      const consumer = new library.Consumer({ ...options, groupId: clientName, autocommit: false });
      consumer.topics.track(topic);
      return readerOf(consumer, topic, wrapped);
    },
  };
}

type Wrapped = <Result>(action: () => Promise<Result>) => Promise<Result>;

function writerOf(producer: KafkaProducer, wrapped: Wrapped): KafkaWriter {
  return {
    write: (messages) =>
      wrapped(async () => void (await producer.send({ messages: messages.map(toRecord) }))),
    close: () => void producer.close(true).catch(() => undefined),
  };
}

function readerOf(consumer: KafkaConsumer, topic: string, wrapped: Wrapped): KafkaReader {
  return {
    ends: () =>
      wrapped(async () => (await consumer.listOffsets({ topics: [topic] })).get(topic) ?? []),
    start: (partition) =>
      wrapped(async () => {
        const partitions = { [topic]: [partition] };
        const found = await consumer.listOffsets({
          topics: [topic],
          partitions,
          timestamp: OLDEST,
        });
        return found.get(topic)?.[partition] ?? 0n;
      }),
    read: (partition, from) => wrapped(() => readPartition(consumer, { topic, partition, from })),
    close: () => void consumer.close(true).catch(() => undefined),
  };
}

interface Place {
  readonly topic: string;
  readonly partition: number;
  readonly from: bigint;
}

async function readPartition(
  consumer: KafkaConsumer,
  { topic, partition, from }: Place,
): Promise<RecordBlock> {
  const { topics } = await consumer.metadata({ topics: [topic] });
  const found = topics.get(topic);
  const leader = found?.partitions[partition]?.leader;
  if (found === undefined || leader === undefined)
    throw new KafkaError("missing", new Error(`there is no partition ${partition} of ${topic}`));
  const unknownEpoch = { currentLeaderEpoch: -1, lastFetchedEpoch: -1 };
  const wanted = { partition, fetchOffset: from, partitionMaxBytes: READ_BYTES, ...unknownEpoch };
  const { responses } = await consumer.fetch({
    node: leader,
    maxWaitTime: READ_WAIT_MS,
    minBytes: 1,
    maxBytes: READ_BYTES,
    topics: [{ topicId: found.id, partitions: [wanted] }],
  });
  const fetched = responses
    .flatMap(({ partitions }) => partitions)
    .find(({ partitionIndex }) => partitionIndex === partition);
  return fetched === undefined ? { records: [], next: from } : committedRecords(fetched, from);
}

function toRecord({ topic, key, value }: KafkaMessage) {
  return { topic, key: Buffer.from(key), value: Buffer.from(value) };
}

function kafkaError(library: KafkaLibrary, error: unknown): KafkaError {
  if (error instanceof KafkaError) return error;
  if (!isError(error)) return new KafkaError("passing", error);
  const isNamed = (name: string): boolean => library.findErrorBy(error, "apiId", name) !== null;
  const known = FAILURES.find(([, names]) => names.some(isNamed))?.[0];
  if (known !== undefined) return new KafkaError(known, error);
  if (error.message.startsWith("Unknown topic ")) return new KafkaError("missing", error);
  const isRefused = library.findErrorBy(error, "code", library.AuthenticationError.code) !== null;
  return new KafkaError(isRefused ? "refused" : "passing", error);
}
