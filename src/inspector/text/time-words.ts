const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1_000],
] as const;

/** Writes a duration, such as `2 d 4 h`, `1.50 s` or `0.42 ms`. */
export function spanText(ms: number): string {
  if (ms < 0) return `-${spanText(-ms)}`;
  if (ms < 0.01) return ms === 0 ? "0 ms" : "<0.01 ms";
  if (ms < 9.995) return `${trimmed(ms)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(ms < 9_995 ? 2 : 1)} s`;
  const at = UNITS.findIndex(([, unit]) => ms >= unit);
  const [[large, largeMs] = UNITS[0], small] = UNITS.slice(at, at + 2);
  const count = Math.floor(ms / largeMs);
  const rest = small === undefined ? 0 : Math.floor((ms - count * largeMs) / small[1]);
  return rest === 0 ? `${count} ${large}` : `${count} ${large} ${rest} ${small?.[0]}`;
}

/** Writes how long ago an instant is. */
export function ageText(at: number, now: number): string {
  const ms = now - at;
  if (ms < -1_000) return `in ${spanText(-ms)}`;
  return ms < 1_000 ? "just now" : `${wholeUnits(ms)} ago`;
}

/** Writes an instant for people, in UTC: `27 Nov 2026, 09:14:03`. */
export function dateText(at: number): string {
  const iso = isoText(at);
  if (iso === "") return "(no time)";
  const month = MONTHS[Number(iso.slice(5, 7)) - 1];
  return `${Number(iso.slice(8, 10))} ${month} ${iso.slice(0, 4)}, ${iso.slice(11, 19)}`;
}

/** Writes an instant in ISO 8601, or nothing if it is none. */
export function isoText(at: number): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? "" : date.toISOString();
}

/** Writes a whole number with commas. */
export function countText(count: number): string {
  return Math.round(count).toLocaleString("en-US");
}

/** Writes a number with a singular or plural noun. */
export function countedText(count: number, noun: string): string {
  return `${countText(count)} ${noun}${count === 1 ? "" : "s"}`;
}

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

function wholeUnits(ms: number): string {
  return ms < 60_000 ? `${Math.floor(ms / 1_000)} s` : spanText(ms);
}

function trimmed(ms: number): string {
  return String(Number(ms.toFixed(2)));
}
