/**
 * Says where the time of one bench goes: `npm run bench:profile -- [--only noop] [--engine sqlite] [--seconds 5] [--top 25] [--keep dir]`.
 * Every thread of the process is profiled; times are wall-clock time, so what waits for the disk is seen as well.
 */
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import type { Profiler } from "node:inspector";
import { join, resolve } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { BENCHES } from "./benches.ts";
import { runChild } from "./child-process.ts";
import { formatBuckets, formatTop } from "./profile/report.ts";
import type { ThreadTimes } from "./profile/report.ts";
import type { Profiled, ProfiledRun } from "./profile/run.ts";
import { frameTimes } from "./profile/self-time.ts";
import type { Span } from "./profile/self-time.ts";
import { makeScratch } from "./scratch.ts";
import type { EngineName } from "./subject.ts";

/** V8's own default. */
const SAMPLE_US = 1_000;
const FINE_SAMPLE_US = 200;

/** Those that run in the process that measures. */
const PROFILED = BENCHES.filter(({ rounds }) => rounds === undefined).map(({ name }) => name);

const program = new Command("npm run bench:profile --")
  .description("Profiles one bench, and says where its time goes.")
  .addOption(new Option("--only <bench>", "what to profile").choices(PROFILED).default("noop"))
  .addOption(
    new Option("--engine <name>", "which store").choices(["sqlite", "memory"]).default("sqlite"),
  )
  .option("--seconds <n>", "how long", toPositive, 5)
  .option("--top <n>", "functions to show", toPositive, 25)
  .option("--fine", `sample every ${FINE_SAMPLE_US} us, which costs more, instead of ${SAMPLE_US}`)
  .option("--keep <dir>", "keep the profiles there, for a browser's developer tools");
program.parse();
const { only, engine, seconds, top, fine, keep } = program.opts<{
  only: string;
  engine: EngineName;
  seconds: number;
  top: number;
  fine?: boolean;
  keep?: string;
}>();

const scratch = makeScratch();
const dir = keep === undefined ? scratch.path : resolve(keep);
mkdirSync(dir, { recursive: true });
const before = new Set(readdirSync(dir));
const { span, cpuUs, figures } = await runChild<Profiled>(
  new URL("./profile/run.ts", import.meta.url),
  { bench: only, engine, seconds } satisfies ProfiledRun,
  {
    node: [
      `--import=${new URL("profile/name-natives.ts", import.meta.url).href}`,
      "--cpu-prof",
      `--cpu-prof-dir=${dir}`,
      `--cpu-prof-interval=${fine === true ? FINE_SAMPLE_US : SAMPLE_US}`,
    ],
  },
);
const threads = readThreads(dir, before, span);
scratch.remove();

const elapsedUs = span.toUs - span.fromUs;
const rate = figures.find(({ unit }) => unit.endsWith("/s"));
// A bench of times has no rate: it is shown by the second.
const perSecond = rate?.value ?? 1;
const operations = (perSecond * elapsedUs) / 1e6;
const one = rate === undefined ? "second" : "op";
const speed =
  rate === undefined
    ? ""
    : ` ${Math.round(perSecond).toLocaleString("en")} ${rate.unit} while profiled;`;
const scale = { operations, elapsedUs, top, one };
console.log(
  `${only}, ${engine}:${speed} CPU time of all threads ${(cpuUs / operations).toFixed(1)} us/${one}`,
);
console.log(formatBuckets(threads, scale));
console.log(formatTop(threads, scale));

/** A profile's file says which thread it is of: 0 is the main one. Those of an engine that has been closed before have nothing to say. */
function readThreads(dir: string, known: ReadonlySet<string>, span: Span): readonly ThreadTimes[] {
  return readdirSync(dir)
    .filter((file) => file.endsWith(".cpuprofile") && !known.has(file))
    .map((file) => {
      const thread = Number(file.split(".")[4]);
      const profile = JSON.parse(readFileSync(join(dir, file), "utf8")) as Profiler.Profile;
      return { thread, frames: frameTimes(profile, span) };
    })
    .filter(({ frames }) => frames.length > 0)
    .toSorted((one, other) => one.thread - other.thread)
    .map(({ thread, frames }) => ({ thread: thread === 0 ? "main" : `worker ${thread}`, frames }));
}

function toPositive(text: string): number {
  const number = Number(text);
  if (number > 0 && number <= 3_600) return number;
  throw new InvalidArgumentError("Expected a number above 0, 3600 at most.");
}
