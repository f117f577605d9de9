import type { Paint, Style } from "../terminal/paint.ts";
import { safeText } from "../terminal/safe-text.ts";

const STYLES: ReadonlyMap<string, Style> = new Map(
  Object.entries({
    pending: "cyan",
    completed: "green",
    failed: "red",
    cancelled: "dim",
    paused: "yellow",
    parked: "yellow",
  } as const),
);

/** Writes the status of a flow in its color. */
export function statusText(status: string, paint: Paint): string {
  const style = STYLES.get(status);
  return style === undefined ? safeText(status) : paint(style, status);
}
