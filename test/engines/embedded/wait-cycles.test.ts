import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { takeWaitCycles } from "../../../src/engines/embedded/blocking/wait-cycles.ts";

const age = (node: number): number => node;

/** Tells whether a graph has a cycle: it has one if removing nodes without edges leaves some. */
function hasCycle(waits: ReadonlyMap<number, ReadonlySet<number>>): boolean {
  const left = new Map(waits);
  for (let size = -1; size !== left.size;) {
    size = left.size;
    for (const [node, on] of left) if ([...on].every((next) => !left.has(next))) left.delete(node);
  }
  return left.size > 0;
}

const graphs = fc
  .array(fc.tuple(fc.nat(9), fc.nat(9)), { maxLength: 30 })
  .map((edges) => Map.groupBy(edges, ([waiter]) => waiter))
  .map(
    (byWaiter) => new Map([...byWaiter].map(([n, edges]) => [n, new Set(edges.map((e) => e[1]))])),
  );

describe("taking the cycles out of a graph of waits", () => {
  test("leaves a graph without cycles, and takes the youngest node of a real cycle each time", () => {
    fc.assert(
      fc.property(graphs, (waits) => {
        const left = new Map([...waits].map(([node, on]) => [node, new Set(on)]));
        for (const { cycle, victim } of takeWaitCycles(waits, age)) {
          for (const [at, node] of cycle.entries())
            expect(left.get(node)).toContain(cycle[(at + 1) % cycle.length]);
          expect(victim).toBe(Math.max(...cycle));
          left.delete(victim);
          for (const on of left.values()) on.delete(victim);
        }
        expect(hasCycle(left)).toBe(false);
      }),
    );
  });

  test("takes a time that grows with the length of a chain, and needs no deep stack", () => {
    const length = 100_000;
    const chain = new Map(Array.from({ length }, (_, n) => [n, new Set([n + 1])]));
    expect(takeWaitCycles(chain, age)).toEqual([]);
    chain.set(length - 1, new Set([0]));
    const [deadlock, ...others] = takeWaitCycles(chain, age);
    expect(deadlock?.cycle).toHaveLength(length);
    expect(others).toEqual([]);
  });

  test("takes each of many cycles once", () => {
    const pairs = Array.from({ length: 20_000 }, (_, n) => [n, new Set([n ^ 1])] as const);
    const deadlocks = takeWaitCycles(new Map(pairs), age);
    expect(deadlocks.map(({ victim }) => victim)).toEqual(
      Array.from({ length: 10_000 }, (_, n) => 2 * n + 1),
    );
  });
});
