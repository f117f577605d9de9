import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, test } from "vitest";
import { assertSameRuns, randomPrograms, SPEED, WorkInTurn } from "../support/random-flows.ts";
import { Cluster } from "./support/cluster.ts";
import { Engines, REPLIES } from "./support/engines.ts";
import { serveFunctions } from "./support/functions-server.ts";
import type { FunctionsServer } from "./support/functions-server.ts";

const work = new WorkInTurn();
const engines = new Engines(1 / SPEED);
const folder = mkdtempSync(join(tmpdir(), "handback-statefun-"));
let server: FunctionsServer;
let cluster: Cluster;

beforeAll(async () => {
  server = await serveFunctions((request) => work.act(() => engines.handle(request)));
  cluster = await Cluster.start({
    data: folder,
    endpoint: server.endpoint,
    namespaces: ["_sys", "flows"],
    egresses: [REPLIES],
  });
}, 60_000);

afterAll(async () => {
  await cluster.stop();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

test.concurrent.for(randomPrograms())(
  "random flow %i has the same result, states, calls and bill in memory, in SQLite and on the cluster",
  { timeout: 180_000 },
  ([, program]) => assertSameRuns(program, work, (options) => engines.make(options, cluster)),
);
