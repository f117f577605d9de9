import { digest } from "../../core/crypto/digest.ts";

/** So many names are one group. */
const ONE_GROUP = 1_000;
/** Names of each of several groups, about. */
const TOGETHER = 256;
/** Room in each of several groups for more than its share: names are not spread evenly. */
const SLACK = 1.25;

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

/** How so many names are kept: in one group, or in as many as are needed, and how many there are in each at most. */
export function seenGroups(max: number): {
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

/** The group of a name: always the same one. */
export function seenGroupOf(name: string, groups: readonly SeenGroup[]): SeenGroup {
  if (groups.length === 1) return "seen";
  return groups[Number.parseInt(digest(name).slice(0, 8), 16) % groups.length] ?? "seen";
}

/** Remembers an event, and forgets those that are too old or too many; `undefined` when it is remembered already. */
export function remember(
  seen: Seen,
  { windowMs, max }: Window,
  [id, now]: readonly [id: string, now: number],
): Seen | undefined {
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
