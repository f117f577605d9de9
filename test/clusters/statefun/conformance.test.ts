import { testEngine } from "handback/testing";
import { beforeAll, describe, test } from "vitest";
import { assertHolds, byName } from "../../conformance/assert-holds.ts";
import { WIRE_MISSING } from "../../engines/statefun/cluster/wire-under-test.ts";
import { longestFirst } from "../support/longest-first.ts";
import { Engines } from "./support/engines.ts";
import { Hazards } from "./support/hazards.ts";
import type { HazardCounts } from "./support/hazards.ts";
import { chosenSettings } from "./support/settings.ts";
import { openSite } from "./support/site.ts";
import type { Site } from "./support/site.ts";
import { warmUp } from "./support/warm-up.ts";

declare module "vitest" {
  interface TaskMeta {
    /** Counts of the requests and faults of the cluster until the end of a test. */
    hazards?: HazardCounts;
  }
}

const settings = chosenSettings().map((setting) => [setting.name, setting] as const);

describe.each(settings)("%s", (_, setting) => {
  const { slack, parallelism, maxBatch, isThroughKafka = false } = setting;
  const hazards = new Hazards(setting);
  const engines = new Engines(slack);
  let site: Site;

  beforeAll(async () => {
    const namespaces = ["_sys", "test"];
    const options = { namespaces, parallelism, maxBatch, isThroughKafka };
    site = await openSite(hazards.losing(engines.handle), options);
    await warmUp(engines, site.way);
    hazards.start(site.cluster, site.server);
    return async () => {
      await hazards.stop();
      await site.close();
    };
  }, 240_000);

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

  test.concurrent.for(byName(longestFirst(tests)))(
    "%s",
    { timeout: 30_000 * slack },
    async ([, each], { task }) => {
      await assertHolds(each);
      task.meta.hazards = hazards.counts;
    },
  );
});
