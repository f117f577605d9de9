import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { freePort } from "../../support/free-port.ts";

const APP = fileURLToPath(new URL("ledger-app.ts", import.meta.url));

/** The program of the ledger in a process of its own, which can be killed and started again. */
export class LedgerProgram {
  readonly uri: string;
  readonly #arguments: readonly string[];
  readonly #keys = new Set<string>();
  #child: ChildProcess | undefined;
  #runs = 0;
  #log = "";

  private constructor(port: number, ingress: string) {
    this.uri = `http://127.0.0.1:${port}`;
    this.#arguments = [APP, String(port), ingress];
  }

  /** Starts the program. It takes requests a moment later. */
  static async start(ingress: string): Promise<LedgerProgram> {
    const program = new LedgerProgram(await freePort(), ingress);
    program.restart();
    return program;
  }

  /** Number of runs of handlers that had run before, because their results were lost. */
  get repeatedRuns(): number {
    return this.#runs - this.#keys.size;
  }

  /** Returns everything that the program has logged. */
  log(): string {
    return this.#log;
  }

  /** Starts the program again, after {@link LedgerProgram.kill}. */
  restart(): void {
    const child = spawn(process.execPath, this.#arguments, { stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    child.stderr.on("data", (text: Buffer) => (this.#log += text.toString()));
    createInterface({ input: child.stdout }).on("line", (key) => {
      this.#runs++;
      this.#keys.add(key);
    });
  }

  /** Ends the program at once, as a crash does, and waits for its end. */
  async kill(): Promise<void> {
    if (this.#child === undefined || this.#child.exitCode !== null) return;
    if (this.#child.signalCode !== null) return;
    const exit = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exit;
  }
}
