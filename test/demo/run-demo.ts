import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { NODE_OPTIONS } from "../stores/support/node-options.ts";
import { temporaryDirectory } from "../stores/support/temporary-directory.ts";

/** Where one test's backup comes from and goes to. */
export interface Places {
  readonly folder: string;
  readonly target: string;
  readonly store: string;
}

/** What a run of the demo came to. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Bill {
  readonly billedMs: number;
  readonly activeMs: number;
  readonly blockedMs: number;
  readonly beta: number;
}

/** What `--json` prints. */
export interface Report {
  readonly files: number;
  readonly bytes: number;
  readonly manifest: string;
  readonly wallMs: number;
  readonly split: Bill;
  readonly naive: Bill | null;
  readonly resumed: boolean;
  readonly copiesRun: number;
}

const MAIN = join(import.meta.dirname, "../../demo/main.ts");

/** Places in a new directory; none of them is there yet. */
export function newPlaces(): Places {
  const directory = temporaryDirectory();
  return {
    folder: join(directory, "folder"),
    target: join(directory, "backups", "target"),
    store: join(directory, "demo.db"),
  };
}

/** Starts the demo as a process of its own. */
function startDemo(
  { folder, target, store }: Places,
  ...more: string[]
): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  const child = spawn(
    process.execPath,
    [...NODE_OPTIONS, MAIN, folder, "--to", target, "--store", store, ...more],
    {
      stdio: ["ignore", "pipe", "pipe"],
      // On a CI server colours are on even where nobody sees them.
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

/** Runs the demo to its end with `--json`, and reads what it printed. */
export async function reportOf(places: Places, ...more: string[]): Promise<Report> {
  const { stdout, stderr, code } = await runDemo(places, "--json", ...more);
  if (code !== 0) throw new Error(`the demo ended with ${code}: ${stderr}`);
  return JSON.parse(stdout) as Report;
}

/** Sends a signal once so many copies have been begun, and waits for the end. */
export async function signalAfter(
  places: Places,
  { copies, signal, naive = false }: { copies: number; signal: NodeJS.Signals; naive?: boolean },
): Promise<Ended> {
  const { child, ended } = startDemo(places, "--json");
  const log = `${places.target}${naive ? ".naive" : ""}.copies.log`;
  while (child.exitCode === null && readLines(log).length < copies) await setTimeout(5);
  child.kill(signal);
  return ended;
}

/** The copies begun so far, of the split backup. */
export function copiesBegun(places: Places): number {
  return readLines(`${places.target}.copies.log`).length;
}

/** What `diff -r` says about the folder and its backup: nothing, when they are the same. */
export function diff({ folder, target }: Places): string {
  const { stdout, stderr } = spawnSync("diff", ["-r", "--no-dereference", folder, target], {
    encoding: "utf8",
  });
  return stdout + stderr;
}

function readLines(path: string): readonly string[] {
  return existsSync(path) ? readFileSync(path, "utf8").split("\n").slice(0, -1) : [];
}
