import type { HistoryFact } from "../../futures/history/history-facts.ts";
import type { Paint, Style } from "../terminal/paint.ts";
import { safeText } from "../terminal/safe-text.ts";
import { durationText, instantText } from "./time-text.ts";

/** An entry of a history, or an event of any flow. JSON leaves out what is `undefined`. */
export type EntryView = HistoryFact & { readonly flow?: string };

const COLORS: ReadonlyMap<string, Style> = new Map(
  Object.entries({
    completed: "green",
    failed: "red",
    cancelled: "yellow",
    poisoned: "red",
    unhandled: "yellow",
  } as const),
);

/** Writes an entry as a line: the time, the kind, and what happened. */
export function renderEntry(entry: EntryView, paint: Paint): string {
  const style = entry.type === "ran" && entry.code !== undefined ? "red" : COLORS.get(entry.type);
  const kind = entry.type.padEnd(15);
  const time = `${instantText(entry.at).slice(0, -1)}.${String(entry.at % 1_000).padStart(3, "0")}`;
  const about = aboutEntry(entry);
  return `${paint("dim", time)}  ${style === undefined ? kind : paint(style, kind)}  ${about}`.trimEnd();
}

function aboutEntry(entry: EntryView): string {
  switch (entry.type) {
    case "started":
    case "completed":
      return safeText(entry.function);
    case "restarted":
      return safeText(`${entry.function}, with ${entry.keys === "same" ? "the same" : "new"} keys`);
    case "failed":
    case "cancelled":
      return safeText(`${entry.function}: ${entry.code}`);
    case "called":
    case "sent":
      return `${safeText(entry.function)}${dueText(entry.dueAt)}`;
    case "ran":
      return runText(entry);
    case "callCancelled":
    case "runAbandoned":
      return safeText(entry.function);
    case "poisoned":
      return safeText(`${entry.function}, after ${entry.crashes} crashes`);
    case "timerSet":
      return `due ${instantText(entry.dueAt)}`;
    case "timerFired":
    case "timerCancelled":
      return "";
    case "eventReceived":
      return safeText(entry.event);
    case "promiseSettled":
      return safeText(entry.outcome);
    case "unhandled":
      return safeText(entry.code);
    case "gap":
      return `${entry.missing} older entries are deleted`;
    default:
      // A newer server may tell of more.
      return "";
  }
}

function runText(run: Extract<HistoryFact, { readonly type: "ran" }>): string {
  const facts = [
    run.outcome === "handedBack" ? "handed back a future" : run.outcome,
    `billed ${durationText(run.billedNs / 1e6)}`,
    ...(run.blockedNs > 0 ? [`blocked ${durationText(run.blockedNs / 1e6)}`] : []),
    ...(run.attempt > 1 ? [`attempt ${run.attempt}`] : []),
    ...(run.code === undefined ? [] : [run.code]),
  ];
  return safeText(`${run.function}: ${facts.join(", ")}`);
}

function dueText(dueAt: number | undefined): string {
  return dueAt === undefined ? "" : `, due ${instantText(dueAt)}`;
}
