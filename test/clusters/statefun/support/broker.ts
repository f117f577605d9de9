import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { freePort } from "../../support/free-port.ts";
import { kafkaNames } from "../../../../src/statefun/kafka-names.ts";

const LIBRARY = fileURLToPath(new URL("../broker/target/lib", import.meta.url));
const PROGRAM = fileURLToPath(new URL("../broker/Broker.java", import.meta.url));
const STORE_ID = "handback-test-broker-a";

/** Largest record that the topics take. */
export const MAX_MESSAGE_BYTES = 33_554_432;

const PACKAGE = "@platformatic/kafka";

/** The part of the client of Kafka that makes topics. */
interface AdminLibrary {
  readonly Admin: new (options: object) => {
    createTopics(options: object): Promise<unknown>;
    close(): Promise<void>;
  };
}

/** A Kafka broker in a process of its own. */
export class Broker {
  readonly address: string;
  readonly #settings: string;
  #child: ChildProcess;

  private constructor(address: string, settings: string, child: ChildProcess) {
    this.address = address;
    this.#settings = settings;
    this.#child = child;
  }

  /** Starts a broker with an empty store, and waits until it takes requests. */
  static async start(folder: string): Promise<Broker> {
    if (!existsSync(LIBRARY))
      throw new Error(`expected ${LIBRARY}; npm run test:statefun builds it`);
    mkdirSync(folder, { recursive: true });
    const settings = join(folder, "server.properties");
    const [port, controller] = [await freePort(), await freePort()];
    writeFileSync(settings, settingsOf(join(folder, "logs"), port, controller));
    return new Broker(`127.0.0.1:${port}`, settings, await run(settings));
  }

  /**
   * Makes the topics of a way. The topic of replies has one partition, the others have several.
   *
   * @param maxReplyBytes - largest record of the topic of replies
   */
  async createTopics(name: string, maxReplyBytes = MAX_MESSAGE_BYTES): Promise<void> {
    const { requests, replies } = kafkaNames(name);
    const { Admin } = (await import(PACKAGE)) as AdminLibrary;
    const admin = new Admin({ clientId: "test", bootstrapBrokers: [this.address] });
    try {
      await admin.createTopics({ topics: [...requests.values()], partitions: 2, replicas: 1 });
      const configs = [{ name: "max.message.bytes", value: `${maxReplyBytes}` }];
      await admin.createTopics({ topics: [replies], partitions: 1, replicas: 1, configs });
    } finally {
      await admin.close();
    }
  }

  /** Kills the process, and starts it again after a while. */
  async restart(downMs: number): Promise<void> {
    const exit = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exit;
    await new Promise((resolve) => setTimeout(resolve, downMs));
    this.#child = await run(this.#settings);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const exit = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exit;
  }
}

/** Starts the broker, which makes its store if there is none. It ends with this process. */
async function run(settings: string): Promise<ChildProcess> {
  const options = ["-Xmx384m", "-XX:TieredStopAtLevel=1", "-cp", `${LIBRARY}/*`];
  const child = spawn("java", [...options, PROGRAM, STORE_ID, settings], {
    stdio: ["pipe", "ignore", "pipe"],
  });
  const ended = once(child, "exit").then(([code]: readonly unknown[]): never => {
    throw new Error(`the broker ended with code ${String(code)} before it took requests`);
  });
  const ready = new Promise<void>((resolve) => {
    createInterface({ input: child.stderr }).on("line", (line) => {
      if (line.includes("Kafka Server started")) resolve();
    });
  });
  await Promise.race([ready, ended]);
  ended.catch(() => undefined);
  return child;
}

function settingsOf(logs: string, port: number, controller: number): string {
  const addresses = `PLAINTEXT://127.0.0.1:${port}`;
  return [
    "process.roles=broker,controller",
    "node.id=1",
    `controller.quorum.voters=1@127.0.0.1:${controller}`,
    `listeners=${addresses},CONTROLLER://127.0.0.1:${controller}`,
    `advertised.listeners=${addresses}`,
    "controller.listener.names=CONTROLLER",
    "listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "inter.broker.listener.name=PLAINTEXT",
    `log.dirs=${logs}`,
    "offsets.topic.replication.factor=1",
    "offsets.topic.num.partitions=1",
    "transaction.state.log.replication.factor=1",
    "transaction.state.log.min.isr=1",
    "transaction.state.log.num.partitions=4",
    "group.initial.rebalance.delay.ms=0",
    "auto.create.topics.enable=false",
    `message.max.bytes=${MAX_MESSAGE_BYTES}`,
    "",
  ].join("\n");
}
