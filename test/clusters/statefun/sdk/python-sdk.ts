import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { fromHex, toHex } from "../../../engines/statefun/support/hex.ts";

/** A process that answers requests with the Python SDK. */
export interface PythonSdk {
  /** Sends one request at a time. */
  handle(request: Uint8Array): Promise<Uint8Array>;
  stop(): void;
}

/** Starts the Python SDK. `STATEFUN_PYTHON` names a Python that has it. */
export function startPythonSdk(): PythonSdk {
  const python = process.env["STATEFUN_PYTHON"];
  if (python === undefined)
    throw new Error("STATEFUN_PYTHON: expected a Python with apache-flink-statefun, got none");
  const script = fileURLToPath(new URL("python_sdk.py", import.meta.url));
  const child = spawn(python, [script], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async handle(request) {
      child.stdin.write(`${toHex(request)}\n`);
      const { value, done } = await lines.next();
      if (done === true) throw new Error("the Python SDK has ended, with its error on stderr");
      return fromHex(value);
    },
    stop: () => void child.kill(),
  };
}
