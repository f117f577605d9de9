import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { statefun } from "handback/statefun";
import type { Statefun } from "handback/statefun";
import { testEngine } from "handback/testing";
import type { EngineUnderTest, MakeOptions } from "handback/testing";
import { afterAll, beforeAll, test } from "vitest";
import { assertHolds, byName } from "../../conformance/assert-holds.ts";
import { Cluster } from "./support/cluster.ts";
import { serveFunctions } from "./support/functions-server.ts";
import type { FunctionsServer } from "./support/functions-server.ts";
import { SlowClock } from "./support/slow-clock.ts";
import { Tenants } from "./support/tenants.ts";

const REPLIES = "harness/out";

/** Times in the suite are this many times longer. */
const SLOWNESS = 8;
const clock = new SlowClock(SLOWNESS);
const tenants = new Tenants(SLOWNESS);
const folder = mkdtempSync(join(tmpdir(), "handback-statefun-"));
let server: FunctionsServer;
let cluster: Cluster;
let made = 0;

beforeAll(async () => {
  server = await serveFunctions(tenants.handle);
  cluster = await Cluster.start({
    data: folder,
    endpoint: server.endpoint,
    namespaces: ["_sys", "test"],
    egresses: [REPLIES],
  });
}, 60_000);

afterAll(async () => {
  await cluster.stop();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

interface StatefunUnderTest extends EngineUnderTest {
  close(): void;
}

function make({ functions, egress: sinks, retentionMs }: MakeOptions): StatefunUnderTest {
  const tenant = `t${made++}`;
  const open = (hosted: readonly object[]): Statefun => {
    const engine = statefun({
      functions: hosted,
      sinks,
      ingress: tenants.ingress(tenant, cluster.ingress),
      egress: tenants.egress(tenant, cluster.egress(REPLIES)),
      retention: retentionMs,
      clock,
      parkedFor: 1_000,
    });
    tenants.set(tenant, engine.handle);
    return engine;
  };
  let engine = open(functions);
  return {
    get client() {
      return engine.client;
    },
    redeploy: (next) => {
      engine.close();
      engine = open(next);
    },
    close: () => {
      tenants.set(tenant, undefined);
      engine.close();
    },
  };
}

const tests = testEngine({
  make,
  dispose: (engine) => engine.close(),
  clock,
  missing: [
    { capability: "blockingGet", reason: "handlers cannot wait while they run" },
    { capability: "snapshotRead", reason: "only functions can read state" },
    { capability: "scopedCancel", reason: "sent messages cannot be canceled" },
    { capability: "undeclaredValues", reason: "requests carry the declared values only" },
    { capability: "deadLetters", reason: "dead letters leave through an egress" },
    { capability: "storedValues", reason: "the state of a cluster cannot be counted" },
    { capability: "promptOrder", reason: "order holds per sender and target only" },
    { capability: "virtualTime", reason: "a cluster has the time of its machines" },
  ],
});

// Some cases compare instants in real time, and a busy machine may be too slow for one of them once.
test.concurrent.each(byName(tests))("%s", { timeout: 120_000, retry: 2 }, (_, each) =>
  assertHolds(each),
);
