import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** Options of a child process. */
export interface ChildOptions {
  /** Options of Node. */
  readonly node?: readonly string[];
  /** Wrapper program with its arguments. */
  readonly under?: readonly string[];
}

/**
 * Runs a module in its own process, with fresh memory. Returns its report. @throws with its error
 * output if it failed
 */
export async function runChild<Result>(
  module: URL,
  input: object,
  { node = [], under = [] }: ChildOptions = {},
): Promise<Result> {
  const args = [
    ...under,
    process.execPath,
    "--no-warnings",
    ...node,
    fileURLToPath(module),
    JSON.stringify(input),
  ];
  try {
    const { stdout } = await promisify(execFile)(args[0] ?? "", args.slice(1), {
      maxBuffer: 2 ** 26,
    });
    return JSON.parse(stdout) as Result;
  } catch (error) {
    throw new Error(complaintOf(error), { cause: error });
  }
}

/** Finds the line in which Node shows the thrown error, or returns all that is known. */
function complaintOf(error: unknown): string {
  const stderr = error instanceof Error && "stderr" in error ? String(error.stderr) : "";
  return /^\w*Error\b.*$/m.exec(stderr)?.[0] ?? String(error);
}

/** Returns the input that {@link runChild} gave to this child. */
export function childInput<Input>(): Input {
  return JSON.parse(process.argv[2] ?? "null") as Input;
}

/** Ends this child with its result. */
export function report(result: object): void {
  process.stdout.write(JSON.stringify(result));
}
