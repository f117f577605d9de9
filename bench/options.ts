import { parseArgs } from "node:util";

/** What the command line asks for. */
export interface Options {
  /** One JSON object a line on stdout, and nothing else. */
  readonly json: boolean;
  /** Benchmarks to run. */
  readonly only: readonly string[];
  /** Length of one measurement; there are five of each, and a shorter one to warm up. */
  readonly seconds: number;
}

/** Reads `[--json] [--only a,b] [--seconds N]`. Throws an `Error` that says what is wrong. */
export function readOptions(args: readonly string[], names: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: { json: { type: "boolean", default: false }, only: { type: "string" }, seconds: { type: "string", default: "0.8" } },
  });
  const seconds = Number(values.seconds);
  if (!(seconds > 0 && seconds <= 3_600)) throw new Error(`--seconds: expected a number above 0, 3600 at most, got ${values.seconds}`);
  const only = values.only?.split(",").map((name) => name.trim()) ?? names;
  const unknown = only.filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new Error(`--only: there is no ${unknown.join(", ")}; expected some of ${names.join(",")}`);
  return { json: values.json, only, seconds };
}
