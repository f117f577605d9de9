import type { Duration } from "../core/validation/duration.ts";
import {
  checkedBy,
  durationMs,
  invalidOption,
  list,
  nested,
  optional,
  readOptions,
  wholeNumber,
  withDefault,
} from "../core/validation/options.ts";
import type { OptionTable } from "../core/validation/options.ts";
import { endpointComponents } from "../engines/statefun/module/endpoints.ts";
import { kafkaComponents } from "../engines/statefun/module/kafka-components.ts";
import { MESSAGE_TYPES } from "../engines/statefun/request/message-format.ts";
import { KAFKA_NAME, kafkaNames } from "./kafka-names.ts";

/** Options of {@link moduleYaml}. */
export interface ModuleOptions {
  /** Types of the functions that this program serves, `namespace/name`. */
  readonly functions: readonly string[];
  /** Address at which the cluster reaches this program: `http://functions:8000/statefun`. */
  readonly url: string;
  /** Number of messages for one address in a request before the task waits. Default: 1,000. */
  readonly maxBatch?: number;
  /**
   * Longest time of a request with all its retries. Then the job restarts. Longer than a batch of
   * handlers runs. Default: 2 minutes.
   */
  readonly callTimeout?: Duration;
  /** Largest answer in bytes. Default: 33,554,432. */
  readonly maxResponseBytes?: number;
  /** The way of clients through Kafka. Default: none. */
  readonly kafka?: ModuleKafka;
}

/** The way of clients through Kafka, as the cluster is told of it. */
export interface ModuleKafka {
  /** Addresses of brokers as the cluster reaches them: `kafka-1:9092,kafka-2:9092`. */
  readonly address: string;
  /** Begins the names of the topics, as in the options of the client. Default: `"handback"`. */
  readonly name?: string;
  /**
   * Time after which the brokers give up a transaction of the cluster. Longer than the cluster may be
   * down, or it loses replies, and not above the brokers' `transaction.max.timeout.ms`. Default: 15
   * minutes.
   */
  readonly transactionTimeout?: Duration;
  /** Settings of the cluster's Kafka clients, such as `security.protocol`. Default: none. */
  readonly properties?: Readonly<Record<string, string>>;
}

const KAFKA_OPTIONS = {
  address: checkedBy<string>(readBrokerAddress),
  name: KAFKA_NAME,
  transactionTimeout: withDefault("15m", durationMs()),
  properties: withDefault({}, checkedBy<Readonly<Record<string, string>>>(readProperties)),
} satisfies OptionTable<ModuleKafka>;

const OPTIONS = {
  functions: list<string>("a list of function types"),
  url: checkedBy(readUrl),
  maxBatch: withDefault(1_000, wholeNumber({ from: 1 })),
  callTimeout: withDefault("2m", durationMs()),
  maxResponseBytes: withDefault(33_554_432, wholeNumber({ from: 1 })),
  kafka: optional(nested<typeof KAFKA_OPTIONS, ModuleKafka>(KAFKA_OPTIONS)),
} satisfies OptionTable<ModuleOptions>;

/**
 * Writes the `module.yaml` by which a cluster finds the functions of this program, and the topics of
 * its clients: one endpoint for each namespace, and with `kafka` an ingress and an egress.
 *
 * @throws `INVALID_OPTIONS`, `INVALID_DELAY`
 */
export function moduleYaml(options: ModuleOptions): string {
  const { callTimeout, kafka, ...endpoints } = readOptions("moduleYaml", OPTIONS, options);
  const documents = [...endpointComponents({ ...endpoints, callTimeoutMs: callTimeout })];
  if (kafka !== undefined) {
    const { address, name, transactionTimeout, properties } = kafka;
    const components = kafkaComponents({
      ...kafkaNames(name),
      address,
      group: name,
      valueType: MESSAGE_TYPES.message,
      transactionTimeoutMs: transactionTimeout,
      maxRecordBytes: endpoints.maxResponseBytes,
      properties,
    });
    documents.push(...components);
  }
  return documents.join("---\n");
}

function readUrl(value: unknown, name: string): string {
  if (typeof value === "string" && /^https?:\/\/[^\s{}]+$/.test(value) && URL.canParse(value))
    return value;
  throw invalidOption(name, "an http or https URL", value);
}

function readBrokerAddress(value: unknown, name: string): string {
  if (typeof value === "string" && /^[^\s,]+:\d+(,[^\s,]+:\d+)*$/.test(value)) return value;
  throw invalidOption(name, '"host:port", or several with commas', value);
}

function readProperties(value: unknown, name: string): Readonly<Record<string, string>> {
  if (typeof value !== "object" || value === null) throw invalidOption(name, "an object", value);
  for (const [property, text] of Object.entries(value))
    if (typeof text !== "string") throw invalidOption(`${name}.${property}`, "a text", text);
  return value as Readonly<Record<string, string>>;
}
