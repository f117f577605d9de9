import { testEngine } from "handback/testing";
import { beforeAll, describe, test, vi } from "vitest";
import { assertHolds, byName } from "../../../conformance/assert-holds.ts";
import { WIRE_MISSING } from "../../../engines/statefun/cluster/wire-under-test.ts";
import { Engines } from "./engines.ts";
import { Hazards } from "./hazards.ts";
import type { HazardCounts } from "./hazards.ts";
import type { Setting } from "./settings.ts";
import { openSite } from "./site.ts";
import type { Site } from "./site.ts";

declare module "vitest" {
  interface TaskMeta {
    /** Counts of the requests and faults of the cluster until the end of a test. */
    hazards?: HazardCounts;
  }
}

/** Tests the conformance suite in some settings of a cluster. */
export function testSettings(settings: readonly Setting[]): void {
  // The limit of the file is that of its setting with the most tests at once.
  vi.setConfig({ maxConcurrency: Math.max(1, ...settings.map(({ atOnce }) => atOnce)) });
  const named = settings.map((setting) => [setting.name, setting] as const);
  describe.each(named)("%s", (_, setting) => {
    testSetting(setting);
  });
}

function testSetting(setting: Setting): void {
  const { slack, parallelism, maxBatch, isThroughKafka = false, atOnce } = setting;
  const hazards = new Hazards(setting);
  const engines = new Engines(slack);
  let site: Site;

  beforeAll(async () => {
    vi.setConfig({ maxConcurrency: atOnce });
    const namespaces = ["_sys", "test"];
    const options = { namespaces, parallelism, maxBatch, isThroughKafka };
    site = await openSite(hazards.losing(engines.handle), options);
    hazards.start(site.cluster, site.server);
    return async () => {
      await hazards.stop();
      await site.close();
    };
  }, 120_000);

  const tests = testEngine({
    make: (options) => engines.make(options, site.way),
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
}
