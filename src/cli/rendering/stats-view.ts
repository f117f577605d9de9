import type { EngineStats } from "../../core/engine/engine-stats.ts";
import type { Paint } from "../terminal/paint.ts";
import { drawFacts } from "../terminal/table.ts";

/** Draws the figures of an engine. Kinds of lines that no event had are left out. */
export function renderStats(stats: EngineStats, paint: Paint): string {
  const { slots, commits, lines } = stats;
  const oldest = stats.queued === 0 ? "" : `, the oldest for ${msText(stats.oldestQueuedMs)}`;
  const blocked = slots.blocked === 0 ? "" : `, and ${slots.blocked} handlers are blocked`;
  const alarming = (count: number): string => (count === 0 ? "0" : paint("yellow", String(count)));
  const told = Object.entries(lines).filter(([, count]) => count > 0);
  return drawFacts(
    [
      ["activations", String(stats.activations)],
      ["queued", `${stats.queued}${oldest}`],
      ["slots", `${slots.taken} of ${slots.all} taken${blocked}`],
      ["commits", `${commits.count}, ${commits.batchSize.toFixed(1)} messages each`],
      ["commit time", `p50 ${msText(commits.p50Ms)}, p99 ${msText(commits.p99Ms)}`],
      ["timers due", String(stats.timersDue)],
      ["parked", alarming(stats.parked)],
      ["dead letters", alarming(stats.deadLetters)],
      ["log lines", told.map(([kind, count]) => `${kind} ${count}`).join(", ") || "none"],
    ],
    paint,
  );
}

function msText(ms: number): string {
  return ms < 10_000 ? `${ms.toFixed(1)} ms` : `${Math.round(ms / 1_000)} s`;
}
