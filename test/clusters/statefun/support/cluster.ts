import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { ClusterEgress, ClusterIngress } from "handback/statefun";

const JAR = fileURLToPath(new URL("../harness/target/harness.jar", import.meta.url));

/** Options of a cluster. See the README of the harness. */
export interface ClusterOptions {
  readonly data: string;
  /** Address of the functions. */
  readonly endpoint: string;
  readonly namespaces: readonly string[];
  readonly egresses: readonly string[];
  readonly parallelism?: number;
  readonly maxBatch?: number;
  readonly checkpointEvery?: string;
  /** Goes on from the last checkpoint in the data folder. */
  readonly restore?: boolean;
}

/** A record of an egress. */
export interface EgressRecord {
  readonly egress: string;
  readonly typename: string;
  readonly bytes: Uint8Array;
}

/** A running cluster: Flink in one JVM, which calls functions over HTTP. */
export class Cluster {
  readonly #child: ChildProcess;
  readonly #url: string;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.#url = `http://127.0.0.1:${port}`;
  }

  /** Starts a cluster, and waits until it takes messages. */
  static async start(options: ClusterOptions): Promise<Cluster> {
    if (!existsSync(JAR)) throw new Error(`expected ${JAR}; npm run test:statefun builds it`);
    const args = ["-Xmx512m", "-jar", JAR, "--stdin", ...argumentsOf(options)];
    const child = spawn("java", args, { stdio: ["pipe", "pipe", "inherit"] });
    const ended = once(child, "exit").then(([code]: readonly unknown[]): never => {
      throw new Error(`the cluster ended with code ${String(code)} before it took messages`);
    });
    const lines = createInterface({ input: child.stdout });
    const [line] = (await Promise.race([once(lines, "line"), ended])) as readonly unknown[];
    ended.catch(() => undefined);
    return new Cluster(child, (JSON.parse(String(line)) as { readonly port: number }).port);
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

  /** Reads all committed records from the first one on. Returns a function that stops. */
  read(onRecord: (record: EgressRecord) => void): () => void {
    const stopping = new AbortController();
    void this.#poll(onRecord, stopping.signal).catch((error: unknown) => {
      if (!stopping.signal.aborted) throw error;
    });
    return () => stopping.abort();
  }

  /** Lets a task fail, so that the job restarts from its last checkpoint. */
  async fail(part: "functions" | "source" | "sink"): Promise<void> {
    await this.#request(`/fail?in=${part}`, { method: "POST" });
  }

  /** Stops the cluster, and waits for its end. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const exit = once(this.#child, "exit");
    this.#child.stdin?.end();
    await exit;
  }

  /** Ends the cluster as a crash of the machine does. */
  async kill(): Promise<void> {
    const exit = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exit;
  }

  async #poll(onRecord: (record: EgressRecord) => void, signal: AbortSignal): Promise<void> {
    for (let from = 0; !signal.aborted;) {
      const query = `/egress?view=committed&from=${from}&wait=1000`;
      const text = await this.#request(query, { signal });
      for (const line of text.split("\n").filter((line) => line !== "")) {
        const { egress, type, value } = JSON.parse(line) as Record<string, string>;
        const bytes = new Uint8Array(Buffer.from(value ?? "", "base64"));
        onRecord({ egress: egress ?? "", typename: type ?? "", bytes });
        from++;
      }
    }
  }

  async #request(path: string, init: RequestInit): Promise<string> {
    const response = await fetch(`${this.#url}${path}`, init);
    const text = await response.text();
    if (response.ok) return text;
    throw new Error(`the cluster answered ${path} with ${response.status}: ${text}`);
  }
}

function argumentsOf(options: ClusterOptions): readonly string[] {
  const { data, endpoint, namespaces, egresses, parallelism = 2, maxBatch = 1_000 } = options;
  const pairs: readonly (readonly [option: string, value: string | number])[] = [
    ["--data", data],
    ["--endpoint", endpoint],
    ["--parallelism", parallelism],
    ["--max-batch", maxBatch],
    ["--checkpoint-every", options.checkpointEvery ?? "100ms"],
    ...namespaces.map((namespace) => ["--functions", `${namespace}/*`] as const),
    ...egresses.map((egress) => ["--egress", egress] as const),
  ];
  const restore = options.restore === true ? ["--restore"] : [];
  return [...pairs.flatMap(([option, value]) => [option, String(value)]), ...restore];
}
