import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { freePort } from "../../support/free-port.ts";

const SERVER = `@restatedev/restate-server-${process.platform}-${process.arch}`;

/** Shows an invocation whose replay took another way than its journal, in the logs of server and SDK. */
export const JOURNAL_MISMATCH = /RT0016|[Jj]ournal mismatch|"code":"570"/;

/** Returns the path of the server's program, or `undefined` if this machine has none. */
export function serverProgram(): string | undefined {
  try {
    const found = createRequire(import.meta.url).resolve(`${SERVER}/package.json`);
    return join(found, "../bin/restate-server");
  } catch {
    return undefined;
  }
}

/** A Restate server on loopback, with a folder of its own. */
export class RestateServer {
  readonly folder = mkdtempSync(join(tmpdir(), "handback-restate-"));
  readonly #settings: Readonly<Record<string, string>>;
  #ports: readonly number[] = [];
  #child: ChildProcess | undefined;

  private constructor(settings: Readonly<Record<string, string>>) {
    this.#settings = settings;
  }

  /**
   * Starts a server and waits until it is healthy. `settings` are environment variables. `fabric` is
   * its port for other servers. Default: any free port.
   */
  static async start(
    settings: Readonly<Record<string, string>> = {},
    fabric?: number,
  ): Promise<RestateServer> {
    const server = new RestateServer(settings);
    server.#ports = await Promise.all([freePort(), freePort(), fabric ?? freePort()]);
    await server.restart();
    return server;
  }

  get ingress(): string {
    return `http://127.0.0.1:${this.#ports[0]}`;
  }

  get admin(): string {
    return `http://127.0.0.1:${this.#ports[1]}`;
  }

  /** Id of the program's process. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts the program again, after {@link RestateServer.kill}, with the same folder. */
  async restart(): Promise<void> {
    const [ingress, admin, fabric] = this.#ports;
    const log = openSync(this.#log, "a");
    this.#child = spawn(serverProgram() ?? "", [], {
      stdio: ["ignore", log, log],
      env: {
        PATH: process.env["PATH"] ?? "",
        DO_NOT_TRACK: "1",
        RESTATE_DISABLE_TELEMETRY: "true",
        RESTATE_BASE_DIR: this.folder,
        RESTATE_NODE_NAME: "n1",
        RESTATE_CLUSTER_NAME: "handback",
        RESTATE_LISTEN_MODE: "tcp",
        RESTATE_BIND_ADDRESS: `127.0.0.1:${fabric}`,
        RESTATE_ADVERTISED_ADDRESS: `http://127.0.0.1:${fabric}`,
        RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ingress}`,
        RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${admin}`,
        RESTATE_ADMIN__DISABLE_WEB_UI: "true",
        RESTATE_ROCKSDB_TOTAL_MEMORY_SIZE: "256MB",
        RESTATE_LOG_FILTER: "warn",
        RESTATE_LOG_FORMAT: "compact",
        ...this.#settings,
      },
    });
    while (!(await this.#isHealthy())) {
      const { exitCode, signalCode } = this.#child;
      if (exitCode !== null || signalCode !== null)
        throw new Error(`the server ended with ${exitCode ?? signalCode}:\n${this.log()}`);
      await pause(50);
    }
  }

  /** Registers the functions at an address. */
  async deploy(uri: string): Promise<void> {
    await this.#admin("/deployments", { uri, force: true });
  }

  /** Runs a query of Restate's SQL. */
  async query(query: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const text = await this.#admin("/query", { query });
    return (JSON.parse(text) as { readonly rows: readonly Record<string, unknown>[] }).rows;
  }

  /** Returns everything that the program has logged. */
  log(): string {
    return readFileSync(this.#log, "utf8");
  }

  /** Stops the program's process. Its connections stay open, and nothing answers. */
  freeze(): void {
    this.#child?.kill("SIGSTOP");
  }

  /** Continues the program, after {@link RestateServer.freeze}. */
  thaw(): void {
    this.#child?.kill("SIGCONT");
  }

  /** Ends the program at once, as a crash does, and waits for its end. */
  async kill(): Promise<void> {
    if (this.#child === undefined || this.#child.exitCode !== null) return;
    if (this.#child.signalCode !== null) return;
    const exit = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exit;
  }

  /** Ends the program, and deletes its folder. */
  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  get #log(): string {
    return join(this.folder, "server.log");
  }

  async #isHealthy(): Promise<boolean> {
    try {
      const urls = [`${this.admin}/health`, `${this.ingress}/restate/health`];
      return (await Promise.all(urls.map((url) => fetch(url)))).every(({ ok }) => ok);
    } catch {
      return false;
    }
  }

  async #admin(path: string, body: object): Promise<string> {
    const response = await fetch(`${this.admin}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (response.ok) return text;
    throw new Error(`the server answered ${path} with ${response.status}: ${text}`);
  }
}
