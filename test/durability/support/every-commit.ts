import fc from "fast-check";
import { expect } from "vitest";
import { FAULTS } from "./faulty-store.ts";
import { Machine } from "./machine.ts";
import type { Crash, Script, World } from "./machine.ts";

/** Something to do, and what is to be seen of it afterwards. */
export interface Scenario<Result> {
  readonly world: World;
  readonly script: Script<Result>;
  /** What the world looks like in the end: states, and effects outside. */
  readonly observe: (machine: Machine) => Promise<unknown>;
  /** How many rows of state its functions own in the end, where that is known. */
  readonly ownRows: number | undefined;
  /** How many cells are kept for a while after a run without failures, where that is known. */
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
 * Runs a scenario once undisturbed, then once for each of its commits and each way in which that can go wrong: result,
 * states and effects must be the same every time, and nothing may be left behind.
 *
 * @returns the undisturbed outcome.
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

/** How a disk is. */
export interface DiskKind {
  /** How long commits take, in turn. */
  readonly commitMs: readonly number[];
  /** Whether it takes a commit while it is still at another. */
  readonly queues: boolean;
}

/** A disk that takes its time. */
export const diskKind: fc.Arbitrary<DiskKind> = fc.record({
  commitMs: fc.array(fc.nat(5), { maxLength: 4 }),
  queues: fc.boolean(),
});

/** Plays a scenario through some crashes, and checks what is left in the store. */
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
  // What a blocking handler caused is kept for longer when a later run of it did something else.
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

/** Of the system's own rows only flows and cells are left, and those for a limited time. */
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
