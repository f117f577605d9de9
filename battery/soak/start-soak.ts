import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { NODE_OPTIONS } from "../process/node-options.ts";
import type { Line, Orders, Sample } from "./sample.ts";

const APP = join(import.meta.dirname, "app.ts");

/** The output of a soak process. */
export interface Soaked {
  readonly samples: readonly Sample[];
  /** Operations with wrong outcomes. */
  readonly wrongs: readonly string[];
  /** Its exit code and error output if it ended too early. */
  readonly failure: string | undefined;
}

/** Runs a soak process, and reads its output. */
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
