import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { NODE_OPTIONS } from "../process/node-options.ts";
import type { Line, Orders, Sample } from "./sample.ts";

const APP = join(import.meta.dirname, "app.ts");

/** What a process at work for long said. */
export interface Soaked {
  readonly samples: readonly Sample[];
  /** Operations that came to something else than they should. */
  readonly wrongs: readonly string[];
  /** How it ended, if it did so before it was done, and what it complained of. */
  readonly failure: string | undefined;
}

/** Has a process work for long, and listens to it. */
export async function soak(orders: Orders): Promise<Soaked> {
  const args = [...NODE_OPTIONS, "--expose-gc", APP, JSON.stringify(orders)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  const remove = (): void => void child.kill("SIGKILL");
  process.once("exit", remove);
  const lines: Line[] = [];
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints += text));
  createInterface(child.stdout).on("line", (line) => lines.push(JSON.parse(line) as Line));
  const end = await new Promise<string>((resolve) =>
    child.once("close", (code, signal) => resolve(signal ?? `code ${code}`)),
  );
  process.off("exit", remove);
  const isDone = end === "code 0" && complaints === "" && lines.at(-1)?.what === "done";
  return {
    samples: lines.flatMap((line) => (line.what === "sample" ? [line.sample] : [])),
    wrongs: lines.flatMap((line) => (line.what === "wrong" ? [line.said] : [])),
    failure: isDone ? undefined : `it ended with ${end}: ${complaints}`,
  };
}
