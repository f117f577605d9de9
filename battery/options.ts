import { Command, InvalidArgumentError } from "commander";
import type { Trial } from "./trial/trial.ts";

/** The command line options. */
export interface Options {
  readonly minutes: number;
  readonly seed: number;
  readonly trials: readonly Trial[];
  /** True if the trials were chosen by name. */
  readonly isNamed: boolean;
  /** True if the folders of trials are kept even if all is well. */
  readonly keep: boolean;
}

const DESCRIPTION = `\
Ends a working process in every way in which a process can end, starts it again,
and checks that all acknowledged work is stored, once, in order, in time.`;

/**
 * Reads the command line. Prints help and ends the process on request. Wrong usage ends it with
 * code 2.
 */
export function readOptions(argv: readonly string[], all: readonly Trial[]): Options {
  const program = new Command("npm run battery --")
    .description(DESCRIPTION)
    .option("--minutes <n>", "duration", toMinutes, 5)
    .option(
      "--seed <n>",
      "seed of the order of events (default: a random one, which is printed)",
      toSeed,
    )
    .option(
      "--only <names>",
      "some of the trials, by name, with commas (default: all below)",
      (names: string) => toTrials(names, all),
    )
    .option("--keep", "keep stores and ledgers even if all is well", false)
    .addHelpText(
      "after",
      `\nTrials:\n${all.map(({ name, about }) => `  ${name.padEnd(10)} ${about}`).join("\n")}`,
    )
    .helpOption("-h, --help", "show this")
    .configureHelp({ helpWidth: 90 })
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2));
  program.parse(argv, { from: "user" });
  const { minutes, seed, only, keep } = program.opts<{
    minutes: number;
    seed?: number;
    only?: readonly Trial[];
    keep: boolean;
  }>();
  return {
    minutes,
    seed: seed ?? Math.floor(Math.random() * 2 ** 31),
    trials: only ?? all,
    isNamed: only !== undefined,
    keep,
  };
}

function toMinutes(text: string): number {
  const minutes = Number(text);
  if (text.trim() !== "" && minutes > 0 && minutes <= 100_000) return minutes;
  throw new InvalidArgumentError("Expected a number of minutes above 0.");
}

function toSeed(text: string): number {
  if (/^\d{1,10}$/.test(text) && Number(text) < 2 ** 31) return Number(text);
  throw new InvalidArgumentError("Expected a whole number from 0, below 2147483648.");
}

function toTrials(names: string, all: readonly Trial[]): readonly Trial[] {
  return names.split(",").map((name) => {
    const trial = all.find((each) => each.name === name.trim());
    if (trial === undefined)
      throw new InvalidArgumentError(
        `No trial is named ${name}. Expected some of ${all.map(({ name }) => name).join(",")}.`,
      );
    return trial;
  });
}
