import fc from "fast-check";
import { HandbackError } from "handback";
import { expect, test } from "vitest";
import * as blocking from "../support/blocking-scenarios.ts";
import {
  cancelledBlocking,
  cancelledFlow,
  cancelledHandle,
  races,
} from "../support/cancel-scenarios.ts";
import type { Scenario } from "../support/every-commit.ts";
import { FAULTS } from "../support/faulty-store.ts";
import { noRoom } from "../support/fillable-store.ts";
import { Machine } from "../support/machine.ts";
import type { Crash, Script } from "../support/machine.ts";
import { program, programScenario } from "../support/programs.ts";
import * as scenarios from "../support/scenarios.ts";

const ASK_AGAIN_MS = 300;
/**
 * The order in which branches of a wait become ready depends on timing, and a full disk changes
 * that.
 */
const { waitWithCount: _, ...untimed } = scenarios;
const ALL = [
  ...Object.values(untimed),
  ...Object.values(blocking),
  races,
  cancelledFlow,
  cancelledHandle,
  cancelledBlocking,
];

/** The number of times the disk is full, by the number of commits done. */
type Refusals = readonly (readonly [atCommit: number, times: number])[];

/**
 * Plays a scenario on a disk that is full now and then. Its client retries until the disk has
 * space.
 */
async function playFull(
  scenario: Scenario<unknown>,
  refusals: Refusals,
  queues = false,
  crashes: readonly Crash[] = [],
): Promise<unknown> {
  const machine = new Machine(scenario.world);
  machine.disk.queues = queues;
  const left = new Map(refusals);
  machine.disk.delay = async () => {
    const times = left.get(machine.disk.commits) ?? 0;
    left.set(machine.disk.commits, times - 1);
    if (times > 0) throw noRoom();
  };
  const result = await machine.run(patient(scenario.script), crashes);
  const observed = await scenario.observe(machine);
  const { messages, delayed, dead } = machine.disk.content.count();
  await machine.clock.until(machine.engine.close());
  return { result, observed, left: { messages, delayed }, dead };
}

function patient(script: Script<unknown>): Script<unknown> {
  return async (client, clock) => {
    for (;;) {
      try {
        return await script(client, clock);
      } catch (error) {
        if (!HandbackError.is(error, "STORE_FULL")) throw error;
        await clock.work(ASK_AGAIN_MS);
      }
    }
  };
}

const refusals = fc.array(fc.tuple(fc.nat(12), fc.integer({ min: 1, max: 4 })), {
  minLength: 1,
  maxLength: 6,
});
const crashes = fc.array(fc.tuple(fc.integer({ min: 1, max: 12 }), fc.constantFrom(...FAULTS)), {
  maxLength: 2,
});

test("a disk that is full now and then changes no outcome", async () => {
  const calm = new Map(
    await Promise.all(ALL.map(async (make) => [make, await playFull(make(), [])] as const)),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...ALL),
      refusals,
      fc.boolean(),
      async (make, full, queues) => {
        expect(await playFull(make(), full, queues)).toEqual(calm.get(make));
      },
    ),
  );
});

test("for any program of calls, joins, sends and gets, effects count once, over full disks and crashes", async () => {
  await fc.assert(
    fc.asyncProperty(
      program,
      refusals,
      crashes,
      fc.boolean(),
      async (steps, full, crashed, queues) => {
        expect(await playFull(programScenario(steps), full, queues, crashed)).toEqual(
          await playFull(programScenario(steps), []),
        );
      },
    ),
  );
});
