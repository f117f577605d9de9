import type { WriteStream } from "node:tty";
import { SingleBar } from "cli-progress";
import colors from "picocolors";
import type { FlowBill } from "../src/index.ts";
import type { Problem } from "./files.ts";
import type { Job } from "./job.ts";

/** The result of a backup. */
export interface Result {
  readonly files: number;
  readonly bytes: number;
  readonly problems: readonly Problem[];
  readonly bill: FlowBill;
  /** Time from the start of the flow to its end, including interruptions. */
  readonly wallMs: number;
  /** True if an earlier process began it. */
  readonly resumed: boolean;
  /** Number of runs of the copy function, over all processes. */
  readonly copiesRun: number;
}

/** Draws a progress bar on a terminal until the returned function is called. */
export function drawProgress(
  stream: WriteStream,
  read: () => Promise<{ readonly done: number; readonly total: number }>,
): () => void {
  if (!stream.isTTY) return () => undefined;
  const format = "{bar} {value} of {total}  {duration_formatted}";
  const bar = new SingleBar({ stream, format, clearOnComplete: true, barCompleteChar: "█" });
  bar.start(1, 0);
  const update = async (): Promise<void> => {
    const { done, total } = await read();
    bar.setTotal(total);
    bar.update(Math.min(done, total));
  };
  const timer = setInterval(() => void update().catch(() => undefined), 100);
  return () => {
    clearInterval(timer);
    bar.stop();
  };
}

/** Makes the report for people. */
export function toText({ folder, target }: Job, result: Result): string {
  const { bill, problems } = result;
  const rows = {
    "blocked time": colors.green(toSeconds(bill.blockedMs)),
    "billed time": toSeconds(bill.billedMs),
    "wall time": toSeconds(result.wallMs),
    files: result.files.toLocaleString("en"),
    bytes: result.bytes.toLocaleString("en"),
    "copies made": result.copiesRun.toLocaleString("en"),
    compare: `diff -r --no-dereference ${folder} ${target}`,
  };
  return [
    `${folder} is backed up in ${target}${result.resumed ? " after an interruption" : ""}.`,
    ...Object.entries(rows).map(([name, cell]) => `${name.padEnd(14)}${cell}`),
    ...problems.slice(0, 10).map(({ path, problem }) => `not in the backup: ${path}: ${problem}`),
    problems.length > 10 ? `... and ${problems.length - 10} more, see the manifest\n` : "",
  ].join("\n");
}

const toSeconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
