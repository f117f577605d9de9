import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { NODE_OPTIONS } from "../stores/support/node-options.ts";
import { temporaryDirectory } from "../stores/support/temporary-directory.ts";

/** The folders and the database of one test's backup. */
export interface Places {
  readonly folder: string;
  readonly target: string;
  readonly store: string;
}

/** The end of a run of the demo. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The object that `--json` prints. */
export interface Report {
  readonly files: number;
  readonly bytes: number;
  readonly problems: readonly { readonly path: string; readonly problem: string }[];
  readonly bill: { readonly billedMs: number; readonly blockedMs: number; readonly beta: number };
  readonly wallMs: number;
  readonly resumed: boolean;
  readonly copiesRun: number;
}

const MAIN = join(import.meta.dirname, "../../demo/main.ts");

/** Names places in a new directory. None of them exists yet. */
export function newPlaces(): Places {
  const directory = temporaryDirectory();
  return {
    folder: join(directory, "folder"),
    target: join(directory, "backups", "target"),
    store: join(directory, "demo.db"),
  };
}

/** Starts the demo in its own process. */
function startDemo(
  { folder, target, store }: Places,
  ...more: string[]
): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  const child = spawn(
    process.execPath,
    [...NODE_OPTIONS, MAIN, folder, "--to", target, "--store", store, ...more],
    {
      stdio: ["ignore", "pipe", "pipe"],
      // CI servers enable colors by default.
      env: { ...process.env, NO_COLOR: "1" },
    },
  );
  const said = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said.stderr += text));
  const ended = once(child, "close").then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
    ...said,
  }));
  return { child, ended };
}

/** Runs the demo to its end. */
export function runDemo(places: Places, ...more: string[]): Promise<Ended> {
  return startDemo(places, ...more).ended;
}

/** Runs the demo to its end with `--json`, and parses its output. */
export async function reportOf(places: Places, ...more: string[]): Promise<Report> {
  const { stdout, stderr, code } = await runDemo(places, "--json", ...more);
  if (code !== 0) throw new Error(`the demo ended with ${code}: ${stderr}`);
  return JSON.parse(stdout) as Report;
}

/** Sends a signal after the given number of copies, and waits for the end. */
export async function signalAfter(
  places: Places,
  { copies, signal }: { copies: number; signal: NodeJS.Signals },
): Promise<Ended> {
  const { child, ended } = startDemo(places, "--json");
  const log = `${places.target}.copies.log`;
  while (child.exitCode === null && readLines(log).length < copies) await setTimeout(5);
  child.kill(signal);
  return ended;
}

/** Counts the copies begun so far. */
export function copiesBegun(places: Places): number {
  return readLines(`${places.target}.copies.log`).length;
}

/** Returns the output of `diff -r` for the folder and its backup: empty if they are equal. */
export function diff({ folder, target }: Places): string {
  const { stdout, stderr } = spawnSync("diff", ["-r", "--no-dereference", folder, target], {
    encoding: "utf8",
  });
  return stdout + stderr;
}

function readLines(path: string): readonly string[] {
  return existsSync(path) ? readFileSync(path, "utf8").split("\n").slice(0, -1) : [];
}
