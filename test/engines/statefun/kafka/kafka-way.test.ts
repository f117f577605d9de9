import fc from "fast-check";
import { fn, HandbackError } from "handback";
import { silentLog } from "handback/engine";
import { statefun } from "handback/statefun";
import type { IngressMessage } from "handback/statefun";
import { expect, test, vi } from "vitest";
import { KafkaEgress } from "../../../../src/engines/statefun/kafka/kafka-egress.ts";
import { KafkaIngress } from "../../../../src/engines/statefun/kafka/kafka-ingress.ts";
import { KafkaError } from "../../../../src/engines/statefun/kafka/kafka-connection.ts";
import type {
  KafkaConnections,
  KafkaFailure,
  KafkaMessage,
  RecordBlock,
} from "../../../../src/engines/statefun/kafka/kafka-connection.ts";

const TOPIC = "shop.flow";

/** Brokers whose answers to writes are given: taken, taken without an answer, or a failure. */
type Answer = "taken" | "unanswered" | KafkaFailure;

interface Brokers {
  readonly connections: () => Promise<KafkaConnections>;
  readonly taken: KafkaMessage[];
  /** Offset at which reading ends, and the records. */
  readonly reads: ((from: bigint) => Promise<RecordBlock>)[];
}

function brokers(
  answers: Answer[],
  ends: () => Promise<readonly bigint[]> = async () => [0n],
): Brokers {
  const taken: KafkaMessage[] = [];
  const reads: Brokers["reads"] = [];
  const never = new Promise<RecordBlock>(() => undefined);
  const connections: KafkaConnections = {
    writer: () => ({
      write: async (messages) => {
        const answer = answers.shift() ?? "taken";
        if (answer === "taken" || answer === "unanswered") taken.push(...messages);
        if (answer === "unanswered") throw new KafkaError("passing", new Error("no answer"));
        if (answer !== "taken") throw new KafkaError(answer, new Error(answer));
      },
      close: () => undefined,
    }),
    reader: () => ({
      ends,
      start: async () => 7n,
      read: (_, from) => reads.shift()?.(from) ?? never,
      close: () => undefined,
    }),
  };
  return { connections: async () => connections, taken, reads };
}

/** Time that passes only while the way sleeps. */
function virtualTime() {
  let now = 0;
  return {
    elapsedMs: () => now,
    sleep: async (ms: number) => {
      now += ms;
    },
  };
}

function ingressOf(each: Pick<Brokers, "connections">, patienceMs = 10_000): KafkaIngress {
  const topics = new Map([["_sys/flow", TOPIC]]);
  return new KafkaIngress({ ...virtualTime(), connections: each.connections, topics, patienceMs });
}

const message = (n: number, bytes = 1): IngressMessage => ({
  key: String(n),
  target: { type: "_sys/flow", id: String(n) },
  argument: { typename: "handback/message", bytes: new Uint8Array(bytes) },
});

test("messages are taken in order and at least once, whatever fails on the way", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom<Answer>("taken", "unanswered", "passing", "missing"), {
        maxLength: 8,
      }),
      fc.integer({ min: 1, max: 6 }),
      async (answers, count) => {
        const kafka = brokers([...answers]);
        const ingress = ingressOf(kafka, 1e9);
        const numbers = Array.from({ length: count }, (_, n) => n);
        await Promise.all(numbers.map((n) => ingress.send([message(n)])));
        const keys = kafka.taken.map(({ key }) => Number(key));
        // Without the repeats, which follow a lost answer, they are in order.
        const firsts = keys.filter((key, at) => keys.indexOf(key) === at);
        expect(firsts).toEqual(numbers);
      },
    ),
  );
});

test.each<readonly [answer: Answer, code: string]>([
  ["unanswered", "STORE_FAILED"],
  ["passing", "STORE_FAILED"],
  ["missing", "STORE_OPEN_FAILED"],
  ["refused", "STORE_OPEN_FAILED"],
  ["tooLarge", "PAYLOAD_TOO_LARGE"],
])("a message whose write is %s for good is %s", async (answer, code) => {
  const ingress = ingressOf(brokers(Array.from({ length: 100 }, () => answer)));
  await expect(ingress.send([message(1)])).rejects.toMatchObject({ code });
});

test("a way that is closed while it connects leaves no connection, and writes nothing", async () => {
  const kafka = brokers([]);
  const connecting = Promise.withResolvers<KafkaConnections>();
  const made: string[] = [];
  const ingress = ingressOf({ connections: () => connecting.promise });
  const sent = ingress.send([message(1)]);
  ingress.close();
  await expect(sent).rejects.toMatchObject({ code: "CLOSED" });
  const connections = await kafka.connections();
  const writer = () => {
    made.push("writer");
    return { ...connections.writer(), close: () => void made.push("closed") };
  };
  connecting.resolve({ ...connections, writer });
  await ingress.send([message(2)]);
  expect(kafka.taken.map(({ key }) => key)).toEqual(["2"]);
  ingress.close();
  expect(made).toEqual(["writer", "closed"]);
});

test("a message that waits behind others in vain was certainly not taken", async () => {
  const ingress = ingressOf(brokers(Array.from({ length: 100 }, () => "passing" as const)), 0);
  const [first, second] = [ingress.send([message(1)]), ingress.send([message(2)])];
  await expect(first).rejects.toMatchObject({ code: "STORE_FAILED" });
  await expect(second).rejects.toMatchObject({ code: "STORE_BUSY", details: { definite: true } });
});

test("of several messages, only one that is too large fails", async () => {
  const taken: KafkaMessage[] = [];
  const connections: KafkaConnections = {
    ...(await brokers([]).connections()),
    writer: () => ({
      write: async (messages) => {
        const bytes = messages.reduce((sum, { value }) => sum + value.length, 0);
        if (bytes > 100) throw new KafkaError("tooLarge", new Error("too large"));
        taken.push(...messages);
      },
      close: () => undefined,
    }),
  };
  const ingress = ingressOf({ connections: async () => connections });
  const sizes = [40, 40, 101, 40, 40];
  const outcomes = await Promise.allSettled(
    sizes.map((size, n) => ingress.send([message(n, size)])),
  );
  expect(outcomes.map(({ status }) => status)).toEqual(
    sizes.map((size) => (size > 100 ? "rejected" : "fulfilled")),
  );
  expect(taken.map(({ key }) => key)).toEqual(["0", "1", "3", "4"]);
});

test("a message on its way is CLOSED when the way closes, and a later one connects again", async () => {
  const { promise, resolve } = Promise.withResolvers<KafkaConnections>();
  const ready = await brokers([]).connections();
  const ingress = ingressOf({ connections: () => promise });
  const sent = ingress.send([message(1)]);
  ingress.close();
  await expect(sent).rejects.toMatchObject({ code: "CLOSED" });
  resolve(ready);
  await ingress.send([message(2)]);
});

test("a message for a function without a topic is UNKNOWN_FUNCTION", async () => {
  const strange = { ...message(1), target: { type: "shop/any", id: "1" } };
  await expect(ingressOf(brokers([])).send([strange])).rejects.toMatchObject({
    code: "UNKNOWN_FUNCTION",
  });
});

function egressOf({ connections }: Brokers, patienceMs = 1_000): KafkaEgress {
  const parts = { type: "shop/replies", topic: "shop.replies", patienceMs, log: silentLog };
  return new KafkaEgress({ ...virtualTime(), ...parts, connections });
}

const record = (typename: string) => ({ typename, bytes: new Uint8Array() });

test("reading goes on where it failed, and reports what was deleted unread", async () => {
  const kafka = brokers([], async () => [3n]);
  const from: bigint[] = [];
  const give = (names: readonly string[], next: bigint) => async (asked: bigint) => {
    from.push(asked);
    return { records: names.map(record), next };
  };
  const fail = (failure: KafkaFailure) => async (asked: bigint) => {
    from.push(asked);
    throw new KafkaError(failure, new Error(failure));
  };
  kafka.reads.push(give(["a"], 4n), fail("passing"), fail("missing"), give(["b", "c"], 6n));
  kafka.reads.push(fail("outOfRange"), give(["d"], 8n));
  const seen: string[] = [];
  const lost: string[] = [];
  const stop = await egressOf(kafka).receive(
    ({ typename }) => void seen.push(typename),
    ({ code }) => void lost.push(code),
  );
  await vi.waitFor(() => expect(seen).toEqual(["a", "b", "c", "d"]));
  stop();
  expect(from).toEqual([3n, 4n, 4n, 4n, 6n, 7n]);
  expect(lost).toEqual(["STORE_FAILED"]);
});

test.each<readonly [failure: KafkaFailure, code: string]>([
  ["passing", "STORE_BUSY"],
  ["missing", "STORE_OPEN_FAILED"],
  ["refused", "STORE_OPEN_FAILED"],
])("an egress whose ends are %s for good is %s", async (failure, code) => {
  const kafka = brokers([], () => Promise.reject(new KafkaError(failure, new Error(failure))));
  const received = egressOf(kafka).receive(
    () => undefined,
    () => undefined,
  );
  await expect(received).rejects.toMatchObject({ code });
});

const echo = fn("shop/echo", (_, text: string) => text);

test("a client sends nothing before it reads replies, and fails what waits when they are lost", async () => {
  const { promise: reading, resolve: begin } = Promise.withResolvers<() => void>();
  const sent: IngressMessage[] = [];
  let lose: ((error: HandbackError) => void) | undefined;
  const engine = statefun({
    functions: [echo],
    log: silentLog,
    ingress: { send: async (messages) => void sent.push(...messages) },
    egress: {
      type: "shop/replies",
      receive: (_, onLost) => {
        lose = onLost;
        return reading;
      },
    },
  });
  const status = engine.client.status("none").catch((error: unknown) => error);
  await vi.waitFor(() => expect(lose).toBeDefined());
  expect(sent).toEqual([]);
  begin(() => undefined);
  await vi.waitFor(() => expect(sent).toHaveLength(1));
  lose?.(new HandbackError("STORE_FAILED", "lost"));
  expect(await status).toMatchObject({ code: "STORE_FAILED" });
});

test("a client whose replies cannot be read tries again with its next request, and stops once closed", async () => {
  let tries = 0;
  const stopped = vi.fn<() => void>();
  const engine = statefun({
    functions: [echo],
    log: silentLog,
    ingress: { send: () => Promise.reject(new HandbackError("STORE_FAILED", "sent")) },
    egress: {
      type: "shop/replies",
      receive: async () => {
        if (++tries === 1) throw new HandbackError("STORE_BUSY", "busy");
        return stopped;
      },
    },
  });
  const code = () => engine.client.status("none").catch((error: HandbackError) => error.code);
  expect([await code(), await code(), await code(), tries]).toEqual([
    "STORE_BUSY",
    "STORE_FAILED",
    "STORE_FAILED",
    2,
  ]);
  engine.close();
  await vi.waitFor(() => expect(stopped).toHaveBeenCalled());
});
