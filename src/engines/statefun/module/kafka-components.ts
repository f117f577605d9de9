/** The ingress and the egress of a cluster that lead clients through Kafka. */
export interface KafkaComponents {
  /** Address of the brokers, as the cluster reaches them. */
  readonly address: string;
  /** Name of the group in which the cluster keeps its place in the topics. */
  readonly group: string;
  readonly ingress: string;
  readonly egress: string;
  /** Topics of requests, by the type of the function that gets them. */
  readonly requests: ReadonlyMap<string, string>;
  /** Type of the messages in these topics. */
  readonly valueType: string;
  /** Time after which the brokers give up a transaction that was left open, in ms. */
  readonly transactionTimeoutMs: number;
  /** Largest record that the cluster writes, in bytes. */
  readonly maxRecordBytes: number;
  /** Settings of the cluster's Kafka clients. */
  readonly properties: Readonly<Record<string, string>>;
}

/**
 * Writes the components, as documents of a `module.yaml`. A cluster without a place in the topics
 * begins with the oldest request.
 */
export function kafkaComponents(kafka: KafkaComponents): readonly string[] {
  const { address, group, properties } = kafka;
  const ingress = [
    "kind: io.statefun.kafka.v1/ingress",
    "spec:",
    `  id: ${JSON.stringify(kafka.ingress)}`,
    `  address: ${JSON.stringify(address)}`,
    `  consumerGroupId: ${JSON.stringify(group)}`,
    "  startupPosition:",
    "    type: group-offsets",
    "  autoOffsetResetPosition: earliest",
    "  topics:",
    ...[...kafka.requests].flatMap(([target, topic]) => [
      `    - topic: ${JSON.stringify(topic)}`,
      `      valueType: ${JSON.stringify(kafka.valueType)}`,
      "      targets:",
      `        - ${JSON.stringify(target)}`,
    ]),
    ...propertyLines(properties),
  ];
  const egress = [
    "kind: io.statefun.kafka.v1/egress",
    "spec:",
    `  id: ${JSON.stringify(kafka.egress)}`,
    `  address: ${JSON.stringify(address)}`,
    "  deliverySemantic:",
    "    type: exactly-once",
    `    transactionTimeout: ${kafka.transactionTimeoutMs}ms`,
    ...propertyLines({ "max.request.size": `${kafka.maxRecordBytes}`, ...properties }),
  ];
  return [ingress, egress].map((lines) => [...lines, ""].join("\n"));
}

function propertyLines(properties: KafkaComponents["properties"]): readonly string[] {
  const lines = Object.entries(properties).map(
    ([name, value]) => `    - ${JSON.stringify(name)}: ${JSON.stringify(value)}`,
  );
  return lines.length === 0 ? [] : ["  properties:", ...lines];
}
