import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** How a child is run. */
export interface ChildOptions {
  /** Options of Node. */
  readonly node?: readonly string[];
  /** Program, with its arguments, that Node is run under. */
  readonly under?: readonly string[];
}

/**
 * Runs a module in a process of its own, with memory that nothing else has used; gives what it reported.
 * @throws with what it said on stderr, if it did not end well
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

/** The line in which Node says what was thrown, or all that is known. */
function complaintOf(error: unknown): string {
  const stderr = error instanceof Error && "stderr" in error ? String(error.stderr) : "";
  return /^\w*Error\b.*$/m.exec(stderr)?.[0] ?? String(error);
}

/** What this child was given by {@link runChild}. */
export function childInput<Input>(): Input {
  return JSON.parse(process.argv[2] ?? "null") as Input;
}

/** Ends the work of this child with what it found out. */
export function report(result: object): void {
  process.stdout.write(JSON.stringify(result));
}
