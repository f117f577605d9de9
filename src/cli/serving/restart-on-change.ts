import { spawn } from "node:child_process";
import { once } from "node:events";

/**
 * Runs the command in a process of its own, which Node starts again when a file of the module
 * changes. Resolves when that process has ended, with its exit code.
 *
 * @param args - the command line, without the option that leads here
 */
export async function restartOnChange(
  args: readonly string[],
  stopped: AbortSignal,
): Promise<number> {
  const [, script = ""] = process.argv;
  const watched = [...process.execArgv, "--watch", "--watch-preserve-output", script, ...args];
  const child = spawn(process.execPath, watched, { stdio: "inherit" });
  stopped.addEventListener("abort", () => child.kill("SIGTERM"), { once: true });
  const [code] = (await once(child, "exit")) as [number | null];
  return code ?? 0;
}
