import type { Restate } from "handback/restate";
import { testEngine } from "handback/testing";
import type { EngineTest, EngineUnderTest, MakeOptions } from "handback/testing";
import { afterAll, beforeAll, describe, test } from "vitest";
import { assertHolds, byName } from "../../conformance/assert-holds.ts";
import { restateAtPace } from "../../../src/restate/restate.ts";
import { SlowClock } from "./support/slow-clock.ts";
import { Deployments } from "./support/deployments.ts";
import { RestateServer } from "./support/restate-server.ts";

/** Times in the suite are this many times longer. */
const SLOWNESS = 8;
const clock = new SlowClock(SLOWNESS);
let server: RestateServer;
let deployments: Deployments;
let made = 0;

beforeAll(async () => {
  server = await RestateServer.start();
  deployments = await Deployments.serve(server);
}, 60_000);

afterAll(async () => {
  deployments.close();
  await server.stop();
});

interface RestateUnderTest extends EngineUnderTest {
  close(): void;
}

/** Engines share the server: each is an application with a name of its own. */
async function make(options: MakeOptions, carry: false | number): Promise<RestateUnderTest> {
  const application = `t${made++}`;
  let version = 0;
  const open = async (functions: readonly object[]): Promise<Restate> => {
    const settings = {
      functions,
      application,
      ingress: [server.ingress],
      sinks: options.egress,
      retention: options.retentionMs,
      parkedFor: 1_000,
      carry,
      clock,
    };
    const engine = restateAtPace(settings, SLOWNESS);
    await deployments.add(`${application}v${++version}`, engine.handler);
    return engine;
  };
  let engine = await open(options.functions);
  return {
    get client() {
      return engine.client;
    },
    deadLetters: () => engine.deadLetters(),
    redeploy: async (functions) => {
      engine.close();
      engine = await open(functions);
    },
    close: () => engine.close(),
  };
}

const testsWith = (carry: false | number): readonly EngineTest[] =>
  testEngine({
    make: (options) => make(options, carry),
    dispose: (engine) => engine.close(),
    clock,
    missing: [
      { capability: "blockingGet", reason: "handlers cannot wait while they run" },
      { capability: "snapshotRead", reason: "the work of a scope cannot be listed" },
      { capability: "scopedCancel", reason: "messages that were sent cannot be canceled by scope" },
      { capability: "storedValues", reason: "the state of a cluster cannot be counted" },
      { capability: "promptOrder", reason: "order holds per sender and target only" },
      { capability: "virtualTime", reason: "a cluster has the time of its machines" },
    ],
  });

describe.each([
  ["an invocation carries on with what comes of a message", 32],
  ["each delivery is an invocation", false],
] as const)("where %s", (_, carry) => {
  // Some cases compare instants in real time, and a busy machine may be too slow for one of them.
  test.concurrent.each(byName(testsWith(carry)))("%s", { timeout: 120_000, retry: 2 }, (_, each) =>
    assertHolds(each),
  );
});
