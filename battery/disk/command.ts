import { execFile } from "node:child_process";
import { promisify } from "node:util";

const MOST_COMPLAINTS = 2_000;

/**
 * Runs a program of the system to its end, and returns its output. @throws with its error output
 */
export async function command(program: string, ...args: readonly string[]): Promise<string> {
  try {
    return (await promisify(execFile)(program, args, { maxBuffer: 2 ** 28 })).stdout.trim();
  } catch (error) {
    const complaint =
      error instanceof Error && "stderr" in error
        ? String(error.stderr).trim().slice(0, MOST_COMPLAINTS)
        : "";
    throw new Error(`${program} ${args.join(" ")}: ${complaint}`, { cause: error });
  }
}
