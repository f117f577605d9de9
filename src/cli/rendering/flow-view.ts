import type { FlowAttribute } from "../../core/engine/flow-index.ts";
import type { PausedCall } from "../../futures/types/paused-call.ts";
import type { Paint } from "../terminal/paint.ts";
import { safeBlock, safeJson, safeText } from "../terminal/safe-text.ts";
import { drawFacts } from "../terminal/table.ts";
import { attributesText } from "./flow-table.ts";
import { renderEntry } from "./history-line.ts";
import type { EntryView } from "./history-line.ts";
import { statusText } from "./status-text.ts";
import { agoText, durationText, instantText } from "./time-text.ts";

/** A flow with everything that is known about it. Instants are in ms since the epoch. */
export interface FlowView {
  readonly id: string;
  readonly function: string;
  readonly status: string;
  readonly startedAt: number;
  readonly settledAt?: number | undefined;
  readonly custom?: unknown;
  readonly output?: unknown;
  /** The description of the failure. */
  readonly error?: unknown;
  readonly attributes: Readonly<Record<string, FlowAttribute>>;
  readonly paused: readonly PausedCall[];
  /** Absent if none is kept. */
  readonly history?: readonly EntryView[];
}

/** Draws one flow: its facts, its paused calls, and its history. */
export function renderFlow(
  flow: FlowView,
  { now, paint }: { readonly now: number; readonly paint: Paint },
): string {
  const { startedAt, settledAt, paused, history } = flow;
  const attributes = attributesText(flow);
  const facts: readonly (readonly [string, string])[] = [
    ["flow", paint("bold", safeText(flow.id))],
    ["function", safeText(flow.function)],
    ["status", statusText(flow.status, paint)],
    ["started", `${instantText(startedAt)} (${agoText(startedAt, now)})`],
    ...(settledAt === undefined
      ? []
      : ([
          ["ended", `${instantText(settledAt)} (took ${durationText(settledAt - startedAt)})`],
        ] as const)),
    ...(attributes === "" ? [] : ([["attributes", attributes]] as const)),
    ...(flow.custom === undefined ? [] : ([["custom", safeJson(flow.custom)]] as const)),
    ...(flow.error === undefined
      ? []
      : ([["error", paint("red", failureText(flow.error))]] as const)),
    ...(flow.status === "completed" ? ([["output", outputText(flow.output)]] as const) : []),
  ];
  return [
    drawFacts(facts, paint),
    ...(paused.length === 0 ? [] : ["", renderPaused(paused, paint)]),
    ...(history === undefined || history.length === 0
      ? []
      : ["", paint("bold", "history"), ...history.map((entry) => renderEntry(entry, paint))]),
  ].join("\n");
}

/** Writes the description of a failure on one line. */
export function failureText(described: unknown): string {
  if (typeof described !== "object" || described === null) return safeJson(described);
  const { code, message, title } = described as Readonly<Record<string, unknown>>;
  const text = [message, title].find((each) => typeof each === "string" && each !== "");
  if (text === undefined && typeof code !== "string") return safeJson(described);
  return safeText([code, text].filter((each) => typeof each === "string").join(": "));
}

function renderPaused(paused: readonly PausedCall[], paint: Paint): string {
  const lines = paused.map(
    ({ call, function: type, failure }) =>
      `${safeText(call)}  ${safeText(type)}  ${paint("yellow", failureText(failure))}`,
  );
  return [paint("bold", "paused calls"), ...lines].join("\n");
}

/** A short output is on one line. */
function outputText(output: unknown): string {
  const block = safeBlock(output);
  return block.includes("\n") ? safeJson(output) : block;
}
