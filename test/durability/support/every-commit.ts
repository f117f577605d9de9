import fc from "fast-check";
import { expect } from "vitest";
import { FAULTS } from "./faulty-store.ts";
import { Machine } from "./machine.ts";
import type { Crash, Script, World } from "./machine.ts";

/** A program, and the observations to make afterwards. */
export interface Scenario<Result> {
  readonly world: World;
  readonly script: Script<Result>;
  /** Observes the world at the end: states, and effects outside. */
  readonly observe: (machine: Machine) => Promise<unknown>;
  /** The number of state rows that its functions own at the end, where known. */
  readonly ownRows: number | undefined;
  /** The number of cells retained after a run without failures, where known. */
  readonly cells?: number;
}

interface Outcome<Result> {
  readonly result: Result;
  readonly observed: unknown;
  /** One-way messages that failed. */
  readonly dead: number;
  readonly commits: number;
}

/**
 * Runs a scenario once without faults, then once for each of its commits and each fault of that
 * commit: result, states and effects must be the same each time, and nothing may be left behind.
 *
 * @returns the outcome without faults
 */
export async function everyCommit<Result>(make: () => Scenario<Result>): Promise<Outcome<Result>> {
  const calm = await play(make(), []);
  expect(calm.commits).toBeGreaterThan(1);
  for (let atCommit = 1; atCommit <= calm.commits; atCommit++) {
    for (const fault of FAULTS) {
      const crash: Crash = [atCommit, fault];
      const { commits: _, ...outcome } = await explained(crash, () => play(make(), [crash]));
      const { commits: __, ...expected } = calm;
      expect({ crash, ...outcome }).toEqual({ crash, ...expected });
    }
  }
  return calm;
}

/** Properties of a disk. */
export interface DiskKind {
  /** The durations of commits, in turn. */
  readonly commitMs: readonly number[];
  /** Set if it accepts a commit while another one is in flight. */
  readonly queues: boolean;
}

/** A slow disk. */
export const diskKind: fc.Arbitrary<DiskKind> = fc.record({
  commitMs: fc.array(fc.nat(5), { maxLength: 4 }),
  queues: fc.boolean(),
});

/** Plays a scenario through some crashes, and checks the rows left in the store. */
export async function play<Result>(
  scenario: Scenario<Result>,
  crashes: readonly Crash[],
  { commitMs, queues }: DiskKind = { commitMs: [], queues: false },
): Promise<Outcome<Result>> {
  const machine = new Machine(scenario.world, commitMs);
  machine.disk.queues = queues;
  const result = await machine.run(scenario.script, crashes);
  const observed = await scenario.observe(machine);
  const { commits } = machine.disk;
  const { dead } = machine.disk.content.count();
  assertNothingLeaks(machine);
  const cells = machine.disk.rows().filter(({ type }) => type === "_sys/cell");
  if (scenario.cells !== undefined && crashes.length === 0)
    expect(cells).toHaveLength(scenario.cells);
  await machine.forget();
  const rows = machine.disk.rows();
  // Work of a blocked handler is retained for longer when a later run of it did other work.
  expect(
    rows.filter(
      ({ type }) => type.startsWith("_sys/") && (type !== "_sys/cell" || crashes.length === 0),
    ),
  ).toEqual([]);
  const own = rows.filter(({ type, name }) => !type.startsWith("_sys/") && name !== "@life");
  if (scenario.ownRows !== undefined) expect(own).toHaveLength(scenario.ownRows);
  await machine.clock.until(machine.engine.close());
  return { result, observed, dead, commits };
}

/**
 * Expects that only flows and cells are left of the system's own rows, and only for a limited time.
 */
function assertNothingLeaks(machine: Machine): void {
  const system = machine.disk.rows().filter(({ type }) => type.startsWith("_sys/"));
  expect(
    system.filter(({ type, expires }) => !expires || !["_sys/flow", "_sys/cell"].includes(type)),
  ).toEqual([]);
  expect(machine.disk.content.count()).toMatchObject({ messages: 0, delayed: 0, watches: 0 });
}

async function explained<T>(crash: Crash, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw new Error(
      `with the crash ${JSON.stringify(crash)}: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}
