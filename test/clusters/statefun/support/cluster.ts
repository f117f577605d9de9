import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { moduleYaml } from "../../../../src/statefun/index.ts";
import type { ClusterEgress, ClusterIngress } from "../../../../src/statefun/index.ts";

const JAR = fileURLToPath(new URL("../harness/target/harness.jar", import.meta.url));

/** Lost answers and failing tasks are part of tests, so Flink logs errors only. */
const QUIET = "-Dorg.slf4j.simpleLogger.defaultLogLevel=error";

/** Options of a cluster. See the README of the harness. */
export interface ClusterOptions {
  readonly data: string;
  /** Address of the functions. */
  readonly endpoint: string;
  readonly namespaces: readonly string[];
  readonly egresses: readonly string[];
  /** Address of the brokers through which clients of the way `name` come in. Default: none. */
  readonly kafka?: { readonly address: string; readonly name: string };
  readonly parallelism?: number;
  readonly maxBatch?: number;
  readonly checkpointEvery?: string;
  /** Port of the ingress and the egress. Default: a free one. */
  readonly port?: number;
  /** Leaves out the log of the cluster. */
  readonly quiet?: boolean;
  /** Goes on from the last checkpoint in the data folder. */
  readonly restore?: boolean;
}

/** A record of an egress. */
export interface EgressRecord {
  readonly egress: string;
  readonly typename: string;
  readonly bytes: Uint8Array;
}

type Reader = (record: EgressRecord) => void;

/** A running cluster: Flink in one JVM, which calls functions over HTTP. */
export class Cluster {
  readonly #options: ClusterOptions;
  #child: ChildProcess;
  readonly #port: number;
  /** Resolves when the cluster is up again after a restart. */
  #ready: Promise<void> = Promise.resolve();
  /** Starts of jobs in processes that have ended. */
  #earlierStarts = 0;
  /** Readers of the records. They share one request, because there may be a hundred of them. */
  readonly #readers = new Set<Reader>();
  readonly #stopping = new AbortController();

  private constructor(options: ClusterOptions, { child, port }: Started) {
    this.#options = options;
    this.#child = child;
    this.#port = port;
    void this.#poll().catch((error: unknown) => {
      if (!this.#stopping.signal.aborted) throw error;
    });
  }

  /** Starts a cluster, and waits until it takes messages. */
  static async start(options: ClusterOptions): Promise<Cluster> {
    return new Cluster(options, await startProcess(options));
  }

  /** The ingress of the cluster, as a client uses it. */
  get ingress(): ClusterIngress {
    return {
      send: async (messages) => {
        const lines = messages.map(({ target: { type: to, id }, argument }) => {
          const value = Buffer.from(argument.bytes).toString("base64");
          return `${JSON.stringify({ to, id, type: argument.typename, value })}\n`;
        });
        await this.#request("/ingress", { method: "POST", body: lines.join("") });
      },
    };
  }

  /** An egress of the cluster, as a client uses it. */
  egress(type: string): ClusterEgress {
    return {
      type,
      receive: (onRecord) =>
        this.read((record) => void (record.egress === type && onRecord(record))),
    };
  }

  /** Reads the records that are committed from now on. Returns a function that stops. */
  read(onRecord: Reader): () => void {
    const reader: Reader = (record) => onRecord(record);
    this.#readers.add(reader);
    return () => void this.#readers.delete(reader);
  }

  /** Lets a task fail, so that the job restarts from its last checkpoint. */
  async fail(part: "functions" | "source" | "sink"): Promise<void> {
    await this.#request(`/fail?in=${part}`, { method: "POST" });
  }

  /** Number of times that the job has started. */
  async starts(): Promise<number> {
    const { starts } = JSON.parse(await this.#request("/status")) as { readonly starts: number };
    return this.#earlierStarts + starts;
  }

  /** Stops the cluster, and waits for its end. */
  async stop(): Promise<void> {
    await this.#ready;
    this.#stopping.abort();
    const { exitCode, signalCode } = this.#child;
    if (exitCode !== null || signalCode !== null) return;
    const exit = once(this.#child, "exit");
    this.#child.stdin?.end();
    await exit;
  }

  /** Kills the cluster, and starts it again from its last checkpoint. Clients try until it is up. */
  restart(): Promise<void> {
    this.#ready = this.#restart();
    return this.#ready;
  }

  async #restart(): Promise<void> {
    this.#earlierStarts = await this.starts();
    const exit = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exit;
    const options = { ...this.#options, restore: true, port: this.#port };
    this.#child = (await startProcess(options)).child;
  }

  /** Reads the committed records, from the first one on, until the cluster is stopped. */
  async #poll(): Promise<void> {
    const { signal } = this.#stopping;
    for (let from = 0; !signal.aborted;) {
      const query = `/egress?view=committed&from=${from}&wait=1000`;
      const text = await this.#request(query, { signal });
      for (const line of text.split("\n").filter((line) => line !== "")) {
        const { egress, type, value } = JSON.parse(line) as Record<string, string>;
        const bytes = new Uint8Array(Buffer.from(value ?? "", "base64"));
        const record = { egress: egress ?? "", typename: type ?? "", bytes };
        for (const reader of this.#readers) reader(record);
        from++;
      }
    }
  }

  /** Sends a request. After a restart that came in between, it is sent again. */
  async #request(path: string, init: RequestInit = {}): Promise<string> {
    for (;;) {
      const ready = this.#ready;
      await ready;
      try {
        const response = await fetch(`http://127.0.0.1:${this.#port}${path}`, init);
        const text = await response.text();
        if (response.ok) return text;
        throw new Error(`the cluster answered ${path} with ${response.status}: ${text}`);
      } catch (error) {
        if (ready === this.#ready || init.signal?.aborted === true) throw error;
      }
    }
  }
}

interface Started {
  readonly child: ChildProcess;
  readonly port: number;
}

/** Writes a module file with the way through Kafka. Returns the arguments that name it. */
function moduleArguments(options: ClusterOptions): readonly string[] {
  const { data, endpoint: url, namespaces, kafka, maxBatch = 1_000 } = options;
  if (kafka === undefined) return [];
  const functions = namespaces.map((namespace) => `${namespace}/any`);
  const file = join(data, "kafka-module.yaml");
  mkdirSync(data, { recursive: true });
  writeFileSync(file, moduleYaml({ functions, url, maxBatch, kafka }));
  return ["--module", file];
}

async function startProcess(options: ClusterOptions): Promise<Started> {
  if (!existsSync(JAR)) throw new Error(`expected ${JAR}; npm run test:statefun builds it`);
  const args = ["-Xmx512m", QUIET, "-jar", JAR, "--stdin", ...argumentsOf(options)];
  const log = options.quiet === true ? "ignore" : "inherit";
  const child = spawn("java", args, { stdio: ["pipe", "pipe", log] });
  const ended = once(child, "exit").then(([code]: readonly unknown[]): never => {
    throw new Error(`the cluster ended with code ${String(code)} before it took messages`);
  });
  const lines = createInterface({ input: child.stdout });
  const [line] = (await Promise.race([once(lines, "line"), ended])) as readonly unknown[];
  ended.catch(() => undefined);
  return { child, port: (JSON.parse(String(line)) as { readonly port: number }).port };
}

function argumentsOf(options: ClusterOptions): readonly string[] {
  const { data, endpoint, namespaces, egresses, parallelism = 2, maxBatch = 1_000 } = options;
  const pairs: readonly (readonly [option: string, value: string | number])[] = [
    ["--data", data],
    ["--endpoint", endpoint],
    ["--parallelism", parallelism],
    ["--max-batch", maxBatch],
    ["--checkpoint-every", options.checkpointEvery ?? "100ms"],
    ["--port", options.port ?? 0],
    ...namespaces.map((namespace) => ["--functions", `${namespace}/*`] as const),
    ...egresses.map((egress) => ["--egress", egress] as const),
  ];
  const module = moduleArguments(options);
  const restore = options.restore === true ? ["--restore"] : [];
  return [...pairs.flatMap(([option, value]) => [option, String(value)]), ...module, ...restore];
}
