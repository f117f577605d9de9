import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** A Python program that answers each line with a line. */
export interface PythonProcess {
  /** Sends one line at a time. */
  ask(line: string): Promise<string>;
  stop(): void;
}

/** Starts a script of this folder. `variable` names the Python that has the modules it needs. */
export function startPython(script: string, variable: string): PythonProcess {
  const python = process.env[variable];
  if (python === undefined)
    throw new Error(`${variable}: expected a Python with apache-flink-statefun, got none`);
  const file = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(python, [file], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask(line) {
      child.stdin.write(`${line}\n`);
      const { value, done } = await lines.next();
      if (done === true) throw new Error(`${script} has ended, with its error on stderr`);
      return value;
    },
    stop: () => void child.kill(),
  };
}
