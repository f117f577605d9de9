import { digest } from "../core/digest.ts";

/** Names that are kept together at most. */
const TOGETHER = 1_000;

/**
 * What events are called that were seen, and when they came, oldest first: a line each, `1893456000000 "e1"`, and their number.
 *
 * One text, because all of it is read and written with each event, and nothing is read and written as fast as that. Many names are
 * kept as several such texts, each of which forgets its own oldest, so that an event costs the same however many are remembered.
 */
export interface Seen {
  readonly count: number;
  readonly lines: string;
}

/** How long, and how many, events are remembered. */
export interface Window {
  readonly windowMs: number;
  readonly max: number;
}

/** Nothing was seen. */
export const NOTHING_SEEN: Seen = { count: 0, lines: "" };

/** Names the value of a state that keeps a group of names. */
export type SeenGroup = "seen" | `seen-${number}`;

/** The groups for so many names: one, and as many more as are needed. */
export function seenGroups(max: number): readonly ["seen", ...`seen-${number}`[]] {
  const more = Math.ceil(max / TOGETHER) - 1;
  return ["seen", ...Array.from({ length: more }, (_, index): `seen-${number}` => `seen-${index + 1}`)];
}

/** The group of a name: always the same one. */
export function seenGroupOf(name: string, groups: readonly SeenGroup[]): SeenGroup {
  if (groups.length === 1) return "seen";
  return groups[Number.parseInt(digest(name).slice(0, 8), 16) % groups.length] ?? "seen";
}

/** Remembers an event, and forgets those that are too old or too many; `undefined` when it is remembered already. */
export function remember(seen: Seen, { windowMs, max }: Window, [id, now]: readonly [id: string, now: number]): Seen | undefined {
  const line = ` ${JSON.stringify(id)}\n`;
  const { count, lines } = forget(seen, now - windowMs, seen.count);
  // A quote within a name has a backslash before it, so that a line is found in nothing but itself.
  if (lines.includes(line)) return undefined;
  const kept = forget({ count, lines }, Number.NEGATIVE_INFINITY, max - 1);
  return { count: kept.count + 1, lines: `${kept.lines}${now}${line}` };
}

/** Leaves out the oldest: those that came at `until` or before, and those over `max`. */
function forget({ count, lines }: Seen, until: number, max: number): Seen {
  let [left, from] = [count, 0];
  while (left > 0 && (left > max || Number(lines.slice(from, lines.indexOf(" ", from))) <= until)) {
    from = lines.indexOf("\n", from) + 1;
    left--;
  }
  return { count: left, lines: from === 0 ? lines : lines.slice(from) };
}
