import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { freePort } from "../../support/free-port.ts";

const PROGRAM = fileURLToPath(new URL("./program.ts", import.meta.url));

/** The functions of the bank in a process of their own, which starts again when it crashes. */
export class BankServer {
  readonly endpoint: string;
  readonly #arguments: readonly string[];
  #child: ChildProcess | undefined;
  #isStopped = false;
  #starts = 0;

  private constructor(port: number, crashMarks: string) {
    this.endpoint = `http://127.0.0.1:${port}/statefun`;
    this.#arguments = [PROGRAM, String(port), crashMarks];
  }

  /** Starts the process, and waits until it takes requests. */
  static async start(crashMarks: string): Promise<BankServer> {
    const server = new BankServer(await freePort(), crashMarks);
    await server.#run();
    return server;
  }

  /** Number of times that the process has started. */
  get starts(): number {
    return this.#starts;
  }

  /** Kills the process, and waits until the next one takes requests. */
  async kill(): Promise<void> {
    const crashed = this.#child;
    crashed?.kill("SIGKILL");
    while (this.#child === crashed) await once(crashed ?? process, "exit");
    await this.#ready;
  }

  stop(): void {
    this.#isStopped = true;
    this.#child?.kill("SIGKILL");
  }

  #ready: Promise<unknown> = Promise.resolve();

  async #run(): Promise<void> {
    this.#starts++;
    const child = spawn(process.execPath, this.#arguments, { stdio: ["pipe", "pipe", "ignore"] });
    this.#child = child;
    child.once("exit", () => {
      if (!this.#isStopped) void this.#run();
    });
    this.#ready = once(child.stdout, "data");
    await this.#ready;
  }
}
