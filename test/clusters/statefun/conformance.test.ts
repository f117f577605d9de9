import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testEngine } from "handback/testing";
import { afterAll, beforeAll, describe, test } from "vitest";
import { assertHolds, byName } from "../../conformance/assert-holds.ts";
import { WIRE_MISSING } from "../../engines/statefun/cluster/wire-under-test.ts";
import { Cluster } from "./support/cluster.ts";
import { Engines, REPLIES } from "./support/engines.ts";
import { serveFunctions } from "./support/functions-server.ts";
import type { FunctionsServer } from "./support/functions-server.ts";
import { Hazards } from "./support/hazards.ts";
import type { HazardCounts } from "./support/hazards.ts";
import { chosenSettings } from "./support/settings.ts";

declare module "vitest" {
  interface TaskMeta {
    /** Counts of the requests and faults of the cluster until the end of a test. */
    hazards?: HazardCounts;
  }
}

const settings = chosenSettings().map((setting) => [setting.name, setting] as const);

describe.each(settings)("%s", (_, setting) => {
  const { slack, parallelism, maxBatch } = setting;
  const hazards = new Hazards(setting);
  const engines = new Engines(slack);
  const folder = mkdtempSync(join(tmpdir(), "handback-statefun-"));
  let server: FunctionsServer;
  let cluster: Cluster;

  beforeAll(async () => {
    server = await serveFunctions(hazards.losing(engines.handle));
    cluster = await Cluster.start({
      data: folder,
      endpoint: server.endpoint,
      namespaces: ["_sys", "test"],
      egresses: [REPLIES],
      parallelism,
      maxBatch,
    });
    hazards.start(cluster, server);
  }, 60_000);

  afterAll(async () => {
    await hazards.stop();
    await cluster.stop();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  const tests = testEngine({
    make: (options) => engines.make(options, cluster),
    dispose: (engine) => engine.close(),
    slack,
    missing: [
      ...WIRE_MISSING,
      { capability: "deadLetters", reason: "dead letters leave through an egress" },
      { capability: "storedValues", reason: "the state of a cluster cannot be counted" },
      { capability: "virtualTime", reason: "a cluster has the time of its machines" },
    ],
  });

  test.concurrent.for(byName(tests))(
    "%s",
    { timeout: 30_000 * slack },
    async ([, each], { task }) => {
      await assertHolds(each);
      task.meta.hazards = hazards.counts;
    },
  );
});
