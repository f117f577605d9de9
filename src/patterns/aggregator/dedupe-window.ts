import { digest } from "../../core/crypto/digest.ts";

/** Up to this many names are kept in one group. */
const ONE_GROUP = 1_000;
/** Average number of names in each of several groups. */
const TOGETHER = 256;
/** Each of several groups may hold this much more than its share: names are not spread evenly. */
const SLACK = 1.25;

/**
 * The names of recent events and when they arrived, oldest first. Each is one line:
 * `1893456000000 "e1"`.
 *
 * It is one text, because it is read and written with each event, and text is the fastest to read
 * and write. Many names are kept in several such texts. Each drops its own oldest names, so an
 * event costs the same however many are remembered.
 */
export interface DedupeWindow {
  readonly count: number;
  readonly lines: string;
}

/** The time for which events are remembered, in ms, and their greatest number. */
export interface DedupeRules {
  readonly windowMs: number;
  readonly max: number;
}

/** A window without names. */
export const EMPTY_WINDOW: DedupeWindow = { count: 0, lines: "" };

/** Name of the stored value that holds a group of names. Stores have these names. */
export type DedupeGroup = "seen" | `seen-${number}`;

/** Returns the groups for this many names, and the greatest number of names in each. */
export function dedupeGroups(max: number): {
  readonly groups: readonly ["seen", ...`seen-${number}`[]];
  readonly each: number;
} {
  if (max <= ONE_GROUP) return { groups: ["seen"], each: max };
  const count = Math.ceil(max / TOGETHER);
  const more = Array.from(
    { length: count - 1 },
    (_, index): `seen-${number}` => `seen-${index + 1}`,
  );
  return { groups: ["seen", ...more], each: Math.ceil((max / count) * SLACK) };
}

/** Returns the group of a name among this many. It is always the same one. */
export function dedupeGroupOf(name: string, count: number): DedupeGroup {
  const index = count === 1 ? 0 : Number.parseInt(digest(name).slice(0, 8), 16) % count;
  return index === 0 ? "seen" : `seen-${index}`;
}

/** Tells whether a group knows an event. */
export function knowsEvent(
  { count, lines }: DedupeWindow,
  windowMs: number,
  [id, now]: readonly [id: string, now: number],
): boolean {
  return dropOldest({ count, lines }, now - windowMs, count).lines.includes(lineOf(id));
}

/**
 * Remembers an event and drops those that are too old or too many. Returns `undefined` if it is
 * already known.
 */
export function rememberEvent(
  window: DedupeWindow,
  { windowMs, max }: DedupeRules,
  [id, now]: readonly [id: string, now: number],
): DedupeWindow | undefined {
  const line = lineOf(id);
  const { count, lines } = dropOldest(window, now - windowMs, window.count);
  // A quote inside a name is escaped, so a line never matches a part of another line.
  if (lines.includes(line)) return undefined;
  const kept = dropOldest({ count, lines }, Number.NEGATIVE_INFINITY, max - 1);
  return { count: kept.count + 1, lines: `${kept.lines}${now}${line}` };
}

/** Returns the line of a name, without its instant. */
function lineOf(id: string): string {
  return ` ${JSON.stringify(id)}\n`;
}

/** Drops the oldest names: those that arrived at `until` or before, and those over `max`. */
function dropOldest({ count, lines }: DedupeWindow, until: number, max: number): DedupeWindow {
  let [left, from] = [count, 0];
  while (left > 0 && (left > max || Number(lines.slice(from, lines.indexOf(" ", from))) <= until)) {
    from = lines.indexOf("\n", from) + 1;
    left--;
  }
  return { count: left, lines: from === 0 ? lines : lines.slice(from) };
}
