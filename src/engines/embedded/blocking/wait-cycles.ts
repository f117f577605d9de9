/** A cycle of waits, and the member that is to be rejected. */
export interface WaitCycle<Node> {
  readonly cycle: readonly Node[];
  /** The youngest member. */
  readonly victim: Node;
}

/**
 * Breaks all cycles in a graph of waits. Returns one cycle at a time, each as it is left once the
 * victims of those before it are gone.
 *
 * @param waits - the nodes that each node waits for
 * @param ageOf - grows with each node. The node with the largest is the youngest
 */
export function takeWaitCycles<Node>(
  waits: ReadonlyMap<Node, ReadonlySet<Node>>,
  ageOf: (node: Node) => number,
): readonly WaitCycle<Node>[] {
  const found: WaitCycle<Node>[] = [];
  /** Nodes that lead to no cycle, and victims. */
  const done = new Set<Node>();
  for (const node of waits.keys()) {
    for (let cycle = cycleFrom(node, waits, done); cycle !== undefined;) {
      const victim = cycle.reduce((one, other) => (ageOf(other) > ageOf(one) ? other : one));
      found.push({ cycle, victim });
      done.add(victim);
      cycle = cycleFrom(node, waits, done);
    }
  }
  return found;
}

/** Finds a cycle that can be reached from a node. Without recursion, because chains are long. */
function cycleFrom<Node>(
  start: Node,
  waits: ReadonlyMap<Node, ReadonlySet<Node>>,
  done: Set<Node>,
): readonly Node[] | undefined {
  const nextOf = (node: Node): Iterator<Node> => (waits.get(node) ?? []).values();
  if (done.has(start)) return undefined;
  /** The nodes on the way, in order, and where the search goes on from each. */
  const path = new Map([[start, nextOf(start)]]);
  const way = [start];
  for (let node = way.at(-1); node !== undefined; node = way.at(-1)) {
    const next = path.get(node)?.next();
    if (next === undefined || next.done === true) {
      done.add(node);
      path.delete(node);
      way.pop();
    } else if (path.has(next.value)) return way.slice(way.indexOf(next.value));
    else if (!done.has(next.value)) {
      path.set(next.value, nextOf(next.value));
      way.push(next.value);
    }
  }
  return undefined;
}
