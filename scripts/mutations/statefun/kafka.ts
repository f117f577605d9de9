import type { Mutation } from "../mutation.ts";

const COMMITTED = "src/engines/statefun/kafka/committed-records.ts";
const INGRESS = "src/engines/statefun/kafka/kafka-ingress.ts";
const READING = "src/engines/statefun/kafka/partition-reading.ts";
const RECORDS = "test/engines/statefun/kafka/committed-records.test.ts";
const WAY = "test/engines/statefun/kafka/kafka-way.test.ts";

/** The way of clients through Kafka. */
export const KAFKA: readonly Mutation[] = [
  {
    breaks: "kafka: records of aborted transactions are read",
    file: COMMITTED,
    find: "|| !aborting.has(producerId)",
    replace: "|| producerId >= 0n",
    test: RECORDS,
    killedBy:
      "each committed record of a partition is read once, whatever is aborted and wherever a read ends",
  },
  {
    breaks: "kafka: a batch that is split again loses what does not fit",
    file: INGRESS,
    find: "most = Math.ceil(batch.length / 2);",
    replace: "this.#reject(batch, ({ message }) => tooLarge(message, error));",
    test: WAY,
    killedBy: "of several messages, only one that is too large fails",
  },
  {
    breaks: "kafka: records that were deleted unread are not reported",
    file: READING,
    find: "return onLost(lostReplies(topic, failed));",
    replace: "return;",
    test: WAY,
    killedBy: "reading goes on where it failed, and reports what was deleted unread",
  },
  {
    breaks: "kafka: a client sends before it reads replies",
    file: "src/engines/statefun/client/cluster-engine.ts",
    find: "      await this.#read();\n      if (this.#isClosed)",
    replace: "      void this.#read();\n      if (this.#isClosed)",
    test: WAY,
    killedBy:
      "a client sends nothing before it reads replies, and fails what waits when they are lost",
  },
];
