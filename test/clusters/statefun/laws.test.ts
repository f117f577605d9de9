import { beforeAll, test } from "vitest";
import { assertSameRuns, randomPrograms, SPEED, WorkInTurn } from "../support/random-flows.ts";
import { Engines } from "./support/engines.ts";
import { openSite } from "./support/site.ts";
import type { Site } from "./support/site.ts";

const work = new WorkInTurn();
const engines = new Engines(1 / SPEED);
let site: Site;

beforeAll(async () => {
  const handle = (request: Uint8Array) => work.act(() => engines.handle(request));
  site = await openSite(handle, { namespaces: ["_sys", "flows"] });
  return () => site.close();
}, 240_000);

test.concurrent.for(randomPrograms())(
  "random flow %i has the same result, states, calls and bill in memory, in SQLite and on the cluster",
  { timeout: 180_000 },
  ([, program]) => assertSameRuns(program, work, (options) => engines.make(options, site.way)),
);
