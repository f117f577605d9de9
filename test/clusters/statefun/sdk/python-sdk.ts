import { toHex } from "../../../../src/core/crypto/hex.ts";
import { fromHex } from "../../../engines/statefun/support/hex.ts";
import { startPython } from "./python-process.ts";

/** A process that answers requests with the Python SDK 3.x. */
export interface PythonSdk {
  /** Sends one request at a time. */
  handle(request: Uint8Array): Promise<Uint8Array>;
  stop(): void;
}

/** Starts the Python SDK 3.x. */
export function startPythonSdk(): PythonSdk {
  const python = startPython("python_sdk.py", "STATEFUN_PYTHON");
  return {
    handle: async (request) => fromHex(await python.ask(toHex(request))),
    stop: () => python.stop(),
  };
}
