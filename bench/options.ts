import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { DEFAULT_SIZES } from "./measure/bench.ts";
import type { Sizes } from "./measure/bench.ts";

/** The command line options. */
export interface Options {
  /** One JSON object a line on stdout, and nothing else. */
  readonly json: boolean;
  /** Benchmarks to run. */
  readonly only: readonly string[];
  /** Duration of one measurement. Most benches have five, and a shorter warm-up. */
  readonly seconds: number;
  readonly sizes: Sizes;
}

/**
 * Reads the command line. Returns `undefined` after printing help. Throws an `Error` with the
 * mistake.
 */
export function readOptions(
  args: readonly string[],
  names: readonly string[],
): Options | undefined {
  const { flows, timers, burst, states, callers, finished, listed } = DEFAULT_SIZES;
  const program = new Command("npm run bench --")
    .description("Measures this engine beside what SQLite itself can do.")
    .option("--json", "one JSON object a line on stdout, and nothing else", false)
    .addOption(
      new Option("--only <names>", `benches to run: some of ${names.join(",")}`)
        .argParser(toNames(names))
        .default(names, "all"),
    )
    .option("--seconds <n>", "length of one measurement", toSeconds, 2)
    .option("--flows <n>", "park: flows that wait for a person", toCount, flows)
    .option("--timers <n>", "timers: due within an hour", toCount, timers)
    .option("--burst <n>", "timers: due at one instant", toCount, burst)
    .option("--states <n>", "flat: states and parked flows in the largest store", toCount, states)
    .option("--callers <n>", "slow-disk: callers at once", toCount, callers)
    .option("--finished <n>", "finished: flows that run to their end", toCount, finished)
    .option("--listed <n>", "list: flows in the store", toCount, listed)
    .helpOption("-h, --help", "show this")
    .configureOutput({ writeErr: () => undefined })
    .exitOverride();
  try {
    program.parse(args, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return undefined;
    throw error;
  }
  const { json, only, seconds, ...sizes } = program.opts<Omit<Options, "sizes"> & Sizes>();
  return { json, only, seconds, sizes };
}

function toNames(names: readonly string[]): (text: string) => readonly string[] {
  return (text) => {
    const only = text.split(",").map((name) => name.trim());
    const unknown = only.filter((name) => !names.includes(name));
    if (unknown.length > 0)
      throw new InvalidArgumentError(
        `There is no ${unknown.join(", ")}; expected some of ${names.join(",")}.`,
      );
    return only;
  };
}

function toSeconds(text: string): number {
  const seconds = Number(text);
  if (seconds > 0 && seconds <= 3_600) return seconds;
  throw new InvalidArgumentError("Expected a number above 0, 3600 at most.");
}

function toCount(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1_000 && count <= 100_000_000) return count;
  throw new InvalidArgumentError("Expected a whole number from 1000 to 100000000.");
}
