/**
 * What events are called that were seen, and when they came, oldest first: a line each, `1893456000000 "e1"`, and their number.
 *
 * One text, because all of it is read and written with each event, and nothing is read and written as fast as that.
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
