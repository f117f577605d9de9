import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";

/** A program that starts again whenever it ends, as a supervisor has it. */
export class RestartingProgram {
  readonly #path: string;
  readonly #arguments: readonly string[];
  #child: ChildProcess | undefined;
  #isStopped = false;
  #starts = 0;

  constructor(path: string, given: readonly string[]) {
    this.#path = path;
    this.#arguments = given;
    this.#start();
  }

  /** Number of times that it has started. */
  get starts(): number {
    return this.#starts;
  }

  /** Ends it for good. */
  stop(): void {
    this.#isStopped = true;
    this.#child?.kill("SIGKILL");
  }

  #start(): void {
    this.#starts++;
    const child = spawn(process.execPath, [this.#path, ...this.#arguments], { stdio: "ignore" });
    this.#child = child;
    child.once("exit", () => {
      if (!this.#isStopped) this.#start();
    });
  }
}
