import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { SqliteOptions } from "../../../src/stores/sqlite/sqlite.ts";
import { COMPILE_CACHE, NODE_OPTIONS } from "../../process/node-options.ts";
import { command } from "../command.ts";
import type { Line } from "./survival.ts";

const APP = join(import.meta.dirname, "app.ts");

/** A process that stores numbers. */
export interface Noting {
  /** Its output so far. */
  readonly lines: readonly Line[];
  /** Kills it. Returns its exit code and error output if it had ended by itself. */
  readonly kill: () => Promise<string | undefined>;
}

/** Starts a process that stores numbers until it is killed. */
export function startNoting(path: string, options: SqliteOptions = {}): Noting {
  const lines: Line[] = [];
  const child = spawn(process.execPath, argumentsOf(path, options, "work"), {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NODE_COMPILE_CACHE: COMPILE_CACHE },
  });
  const remove = (): void => void child.kill("SIGKILL");
  process.once("exit", remove);
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints += text));
  createInterface(child.stdout).on("line", (line) => lines.push(JSON.parse(line) as Line));
  const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
  return {
    lines,
    kill: async () => {
      remove();
      const code = await closed;
      process.off("exit", remove);
      return code === null ? undefined : `it ended by itself, with code ${code}: ${complaints}`;
    },
  };
}

/** Lets another process open the store and list its numbers. */
export async function readNotes(
  path: string,
  options: SqliteOptions = {},
): Promise<ReadonlySet<number>> {
  return new Set(
    JSON.parse(
      await command(process.execPath, ...argumentsOf(path, options, "read")),
    ) as readonly number[],
  );
}

function argumentsOf(
  path: string,
  options: SqliteOptions,
  mode: "work" | "read",
): readonly string[] {
  return [...NODE_OPTIONS, APP, path, JSON.stringify(options), mode];
}
