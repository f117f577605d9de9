import Table from "cli-table3";
import colors from "picocolors";
import { filesOf } from "./job.ts";
import type { Job } from "./job.ts";
import type { Problem } from "./manifest.ts";
import { show } from "./places.ts";
import type { Comparison, Run } from "./run.ts";

const SHOWN_PROBLEMS = 10;

/** Makes the object that `--json` prints. */
export function toJson(job: Job, { split, naive, resumed, copiesRun }: Comparison): object {
  const { files, bytes } = split.outcome;
  const bill = ({ bill: { billedMs, activeMs, blockedMs, beta } }: Run): object => ({
    billedMs,
    activeMs,
    blockedMs,
    beta,
  });
  return {
    files,
    bytes,
    manifest: filesOf(job).manifest,
    wallMs: split.wallMs,
    split: bill(split),
    naive: naive === undefined ? null : bill(naive),
    resumed,
    copiesRun,
  };
}

/** Makes what people read at the end. */
export function toText(job: Job, comparison: Comparison): string {
  const { split, naive, resumed, copiesAgain } = comparison;
  const except = split.outcome.problems.length === 0 ? "" : ", but for what is named below";
  return [
    `${colors.bold(show(job.folder))} is backed up in ${colors.bold(show(job.target))}${except}.`,
    ...(resumed
      ? [
          `It went on after an interruption; ${copiesAgain === 0 ? "no copy" : count(copiesAgain, "copy", "copies")} had to be made again.`,
        ]
      : []),
    "",
    toTable(comparison),
    ...(naive === undefined ? [] : ["", verdict(naive)]),
    "",
    `manifest  ${show(filesOf(job).manifest)}`,
    `compare   diff -r --no-dereference ${show(job.folder)} ${show(job.target)}`,
    "",
  ].join("\n");
}

/** Says what could not be backed up, one line each. */
export function toProblems(problems: readonly Problem[]): string {
  const shown = problems
    .slice(0, SHOWN_PROBLEMS)
    .map(({ path, problem }) => `  ${printable(path)}: ${problem}`);
  const more = problems.length - shown.length;
  const head = `${count(problems.length, "thing is", "things are")} not in the backup as ${problems.length === 1 ? "it" : "they"} should be:`;
  return [
    head,
    ...shown,
    ...(more > 0
      ? [`  and ${number(more)} more; the manifest lists those that could not be copied`]
      : []),
    "",
  ].join("\n");
}

function toTable({ split, naive, resumed }: Comparison): string {
  const table = new Table({
    head: ["", "futures handed back", ...(naive === undefined ? [] : ["naive: blocks"])].map(
      (title) => colors.bold(title),
    ),
    colAligns: ["left", "right", "right"],
    style: { head: [], border: [], compact: true },
  });
  const row = (name: string, cell: (run: Run) => string): void => {
    table.push([name, cell(split), ...(naive === undefined ? [] : [cell(naive)])]);
  };
  row("blocked time", ({ bill }) =>
    (bill.blockedMs > 0 ? colors.red : colors.green)(duration(bill.blockedMs)),
  );
  row("active time", ({ bill }) => duration(bill.activeMs));
  row("billed time = blocked + active", ({ bill }) => colors.bold(duration(bill.billedMs)));
  row("beta = billed / active", ({ bill }) => bill.beta.toFixed(3));
  row(resumed ? "wall time with interruptions" : "wall time", ({ wallMs }) => duration(wallMs));
  row("files", ({ outcome }) => number(outcome.files));
  row("bytes", ({ outcome }) => number(outcome.bytes));
  return table.toString();
}

function verdict({ bill }: Run): string {
  const share = Math.round((100 * bill.blockedMs) / bill.billedMs);
  return `Of the naive bill, ${colors.red(`${duration(bill.blockedMs)} (${share} %)`)} is for a handler that only waited for others.`;
}

function duration(ms: number): string {
  if (ms === 0) return "0";
  return ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(2)} s`;
}

function count(amount: number, one: string, many: string): string {
  return `${number(amount)} ${amount === 1 ? one : many}`;
}

function number(value: number): string {
  return value.toLocaleString("en");
}

/** A path without what would move a terminal's cursor. */
function printable(path: string): string {
  return /[\p{Cc}\p{Cf}]/u.test(path) ? JSON.stringify(path) : path;
}
