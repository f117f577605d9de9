import type { Profiler } from "node:inspector";

/** One function, or one thing that V8 does beside functions, as `(garbage collector)`. */
export interface Frame {
  readonly name: string;
  /** File, as a URL; `sqlite:`, `json:` and the like for what is native; empty for what V8 does. */
  readonly url: string;
  /** From 1; 0 for what has no place in a file. */
  readonly line: number;
}

/** Where the time of one function went, in µs. */
export interface FrameTime extends Frame {
  /** In the function itself. */
  readonly selfUs: number;
  /** In the function, and in what it called. */
  readonly totalUs: number;
}

/** A part of a profile, in µs of the machine's monotonic clock. */
export interface Span {
  readonly fromUs: number;
  readonly toUs: number;
}

/** Adds up the time of each function within a span; the largest first. A function that calls itself is counted once. */
export function frameTimes(profile: Profiler.Profile, span: Span): readonly FrameTime[] {
  const selfOfNode = timeOfNodes(profile, span);
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const times = new Map<
    string,
    { readonly frame: Frame; selfUs: number; totalUs: number; depth: number }
  >();
  const visit = (id: number): number => {
    const node = nodes.get(id);
    if (node === undefined) return 0;
    const frame = frameOf(node);
    const key = `${frame.name}\n${frame.url}\n${frame.line}`;
    const time = times.get(key) ?? { frame, selfUs: 0, totalUs: 0, depth: 0 };
    times.set(key, time);
    const self = selfOfNode.get(id) ?? 0;
    time.depth++;
    let total = self;
    for (const child of node.children ?? []) total += visit(child);
    time.depth--;
    time.selfUs += self;
    if (time.depth === 0) time.totalUs += total;
    return total;
  };
  const [root] = profile.nodes;
  if (root !== undefined) visit(root.id);
  return Array.from(times.values(), ({ frame, selfUs, totalUs }) => ({ ...frame, selfUs, totalUs }))
    .filter(({ totalUs, name }) => totalUs > 0 && name !== "(root)")
    .toSorted((one, other) => other.selfUs - one.selfUs);
}

/** A sample stands for the time until the next one. */
function timeOfNodes(
  { samples = [], timeDeltas = [], startTime }: Profiler.Profile,
  { fromUs, toUs }: Span,
): ReadonlyMap<number, number> {
  const times = new Map<number, number>();
  let at = startTime;
  samples.forEach((id, index) => {
    at += timeDeltas[index] ?? 0;
    const until = at + Math.max(0, timeDeltas[index + 1] ?? 0);
    const within = Math.min(until, toUs) - Math.max(at, fromUs);
    if (within > 0) times.set(id, (times.get(id) ?? 0) + within);
  });
  return times;
}

function frameOf({ callFrame: { functionName, url, lineNumber } }: Profiler.ProfileNode): Frame {
  return { name: functionName === "" ? "(anonymous)" : functionName, url, line: lineNumber + 1 };
}
