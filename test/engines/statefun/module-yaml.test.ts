import { moduleYaml } from "handback/statefun";
import type { ModuleOptions } from "handback/statefun";
import { kafka } from "handback/statefun/kafka";
import type { KafkaOptions } from "handback/statefun/kafka";
import { expect, test } from "vitest";

const FUNCTIONS = { functions: ["shop/hello", "_sys/flow"], url: "http://functions:8000/statefun" };

test("a module file has an endpoint for each namespace, and with Kafka the topics of clients", () => {
  const properties = { "security.protocol": "SSL" };
  const way = { address: "a:1,b:2", name: "shop", transactionTimeout: "5m", properties } as const;
  const documents = moduleYaml({ ...FUNCTIONS, kafka: way, maxResponseBytes: 100 }).split("---\n");
  expect(documents.map((text) => text.split("\n", 1)[0])).toEqual([
    "kind: io.statefun.endpoints.v2/http",
    "kind: io.statefun.endpoints.v2/http",
    "kind: io.statefun.kafka.v1/ingress",
    "kind: io.statefun.kafka.v1/egress",
  ]);
  expect(documents[2]).toContain(`  id: "shop/requests"
  address: "a:1,b:2"
  consumerGroupId: "shop"
  startupPosition:
    type: group-offsets
  autoOffsetResetPosition: earliest
  topics:
    - topic: "shop.flow"
      valueType: "handback/message"
      targets:
        - "_sys/flow"
`);
  expect(documents[3]).toContain(`  id: "shop/replies"
  address: "a:1,b:2"
  deliverySemantic:
    type: exactly-once
    transactionTimeout: 300000ms
  properties:
    - "max.request.size": "100"
    - "security.protocol": "SSL"
`);
  expect(moduleYaml(FUNCTIONS)).not.toContain("kafka");
});

test("a client and the cluster have the same names", () => {
  const way = { brokers: ["127.0.0.1:9092"], name: "shop" };
  const { egress, kafkaTopics, recordLimits } = kafka(way);
  expect(egress.type).toBe("shop/replies");
  expect(kafkaTopics).toEqual({ "shop/replies": "shop.replies" });
  // Kafka takes 1,048,588 bytes by default, with the heads of a record and its batch.
  expect(recordLimits).toEqual({ "shop/replies": 1_048_332 });
  const larger = kafka({ ...way, maxMessageBytes: 2_000_256 });
  expect(larger.recordLimits).toEqual({ "shop/replies": 2_000_000 });
});

test.each<Readonly<Record<string, unknown>>>([
  { address: "no-port" },
  { address: "" },
  { address: "a:1", name: "" },
  { address: "a:1", name: "a/b" },
  { address: "a:1", transactionTimeout: -1 },
  { address: "a:1", properties: { a: 1 } },
  { address: "a:1", topic: "a" },
  {},
])("the way %o of a module is refused", (way) => {
  const options: object = { ...FUNCTIONS, kafka: way };
  expect(() => moduleYaml(options as ModuleOptions)).toThrow(/of moduleYaml/);
});

test.each<Readonly<Record<string, unknown>>>([
  {},
  { brokers: [] },
  { brokers: "a:1" },
  { brokers: ["a"] },
  { brokers: ["http://a:1"] },
  { brokers: ["a:1"], name: "a b" },
  { brokers: ["a:1"], patience: "soon" },
  { brokers: ["a:1"], security: "tls" },
  { brokers: ["a:1"], maxMessageBytes: 100 },
  { brokers: ["a:1"], maxMessageBytes: "1 MB" },
  { brokers: ["a:1"], topics: [] },
])("the way %o of a client is refused", (given: object) => {
  expect(() => kafka(given as KafkaOptions)).toThrow(/kafka/);
});
