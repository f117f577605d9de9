import { getSystemErrorMessage } from "node:util";

/** A mistake of whoever runs the demo, or of the machine: said in one line, without a stack. */
export class DemoError extends Error {
  override readonly name = "DemoError";
}

/** Says in a few words why a file operation failed: `permission denied (EACCES)`. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (!("errno" in error && "code" in error && typeof error.errno === "number"))
    return error.message;
  return `${getSystemErrorMessage(error.errno)} (${String(error.code)})`;
}
