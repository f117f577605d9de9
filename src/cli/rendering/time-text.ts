const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
] as const;

/** Writes a duration with its two largest units, such as `3h 20m`, `12.5s` or `0.42ms`. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${roundTo(ms, ms < 10 ? 2 : 0)}ms`;
  if (ms < 60_000) return `${roundTo(ms / 1_000, 1)}s`;
  const at = UNITS.findIndex(([, unit]) => ms >= unit);
  const [[large, largeMs] = UNITS[0], [small, smallMs] = UNITS[3]] = UNITS.slice(at, at + 2);
  const count = Math.floor(ms / largeMs);
  const rest = Math.floor((ms - count * largeMs) / smallMs);
  return rest === 0 ? `${count}${large}` : `${count}${large} ${rest}${small}`;
}

/** Writes how long ago an instant is, such as `3h 20m ago`. */
export function agoText(at: number, now: number): string {
  const ms = now - at;
  if (ms < -1_000) return `in ${durationText(-ms)}`;
  return ms < 1_000 ? "now" : `${durationText(ms)} ago`;
}

/** Writes an instant in ISO 8601, to the second, in UTC. */
export function instantText(at: number): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return "(no time)";
  return `${date.toISOString().slice(0, 19).replace("T", " ")}Z`;
}

function roundTo(value: number, digits: number): string {
  return String(Number(value.toFixed(digits)));
}
