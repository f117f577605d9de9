import type { Paint, Style } from "../terminal/paint.ts";
import { safeText } from "../terminal/safe-text.ts";

const STYLES: Readonly<Record<string, Style>> = {
  pending: "cyan",
  completed: "green",
  failed: "red",
  cancelled: "dim",
  paused: "yellow",
  parked: "yellow",
};

/** Writes the status of a flow in its color. */
export function statusText(status: string, paint: Paint): string {
  const style = STYLES[status];
  return style === undefined ? safeText(status) : paint(style, status);
}
