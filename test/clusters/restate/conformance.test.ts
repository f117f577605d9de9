import type { Restate } from "handback/restate";
import { testEngine } from "handback/testing";
import type { EngineTest, EngineUnderTest, MakeOptions } from "handback/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { assertHolds, byName } from "../../conformance/assert-holds.ts";
import { restateWith } from "../../../src/restate/restate.ts";
import { busySlack } from "../support/busy-slack.ts";
import { longestFirst } from "../support/longest-first.ts";
import { Applications } from "./support/applications.ts";
import { Deployments } from "./support/deployments.ts";
import { JOURNAL_MISMATCH, RestateServer } from "./support/restate-server.ts";
import { slowed } from "./support/slowed.ts";
import { chosenSettings } from "./support/settings.ts";
import type { Setting } from "./support/settings.ts";

/** Windows of time in the suite are this many times longer. */
const SLACK = busySlack(8);

/** A running server, and what it has been given to serve. */
interface Host {
  readonly server: RestateServer;
  readonly deployments: Deployments;
  readonly applications: Applications;
}

interface RestateUnderTest extends EngineUnderTest {
  close(): void;
}

/** Engines share the server: each is an application with a name of its own. */
async function make(
  options: MakeOptions,
  carry: Setting["carry"],
  { server, applications }: Host,
): Promise<RestateUnderTest> {
  const application = await applications.take();
  const open = async (functions: readonly object[]): Promise<Restate> => {
    const settings = {
      functions,
      application,
      ingress: [server.ingress],
      sinks: options.egress,
      retention: options.retentionMs,
      parkedFor: 1_000,
      carry,
      clock: options.clock,
    };
    const engine = restateWith(settings, (functions) => slowed(functions, SLACK));
    await applications.serve(application, engine.handler);
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

const testsOf = ({ carry }: Setting, host: () => Host): readonly EngineTest[] =>
  testEngine({
    make: (options) => make(options, carry, host()),
    dispose: (engine) => engine.close(),
    slack: SLACK,
    missing: [
      { capability: "blockingGet", reason: "handlers cannot wait while they run" },
      { capability: "history", reason: "journals are read with the admin API only" },
      {
        capability: "storeListing",
        reason: "the admin API of the server lists states, and a client does not use it",
      },
      { capability: "pause", reason: "the server hands messages on as they come" },
      { capability: "streams", reason: "effects leave when the handler ends" },
      { capability: "scopedCancel", reason: "messages that were sent cannot be canceled by scope" },
      {
        capability: "flowIndex",
        reason: "no table of the cluster has an order of flows: each page would read all states",
      },
      { capability: "storedValues", reason: "the state of a cluster cannot be counted" },
      { capability: "promptOrder", reason: "order holds per sender and target only" },
      { capability: "virtualTime", reason: "a cluster has the time of its machines" },
    ],
  });

const settings = chosenSettings().map((setting) => [setting.name, setting] as const);

describe.each(settings)("where %s", (_, setting) => {
  let host: Host;

  beforeAll(async () => {
    const server = await RestateServer.start(setting.server);
    const deployments = await Deployments.serve(server);
    host = { server, deployments, applications: new Applications(deployments) };
  }, 60_000);

  afterAll(async () => {
    host.deployments.close();
    await host.server.stop();
  });

  test.concurrent.each(byName(longestFirst(testsOf(setting, () => host))))(
    "%s",
    { timeout: 40_000 * SLACK },
    async (_, each) => {
      await assertHolds(each);
      expect(host.server.log()).not.toMatch(JOURNAL_MISMATCH);
    },
  );
});
