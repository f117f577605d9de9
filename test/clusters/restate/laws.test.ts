import { afterAll, beforeAll, describe, test } from "vitest";
import type { HostedFunctions } from "../../../src/engines/restate/delivery/functions.ts";
import type { Definition } from "../../../src/core/activation/definition.ts";
import { restateWith } from "../../../src/restate/restate.ts";
import { assertSameRuns, randomPrograms, SPEED, WorkInTurn } from "../support/random-flows.ts";
import type { EngineOfCluster } from "../support/random-flows.ts";
import { Applications } from "./support/applications.ts";
import { Deployments } from "./support/deployments.ts";
import { RestateServer } from "./support/restate-server.ts";
import { slowed } from "./support/slowed.ts";

const work = new WorkInTurn();
let server: RestateServer;
let deployments: Deployments;
let applications: Applications;

beforeAll(async () => {
  server = await RestateServer.start();
  deployments = await Deployments.serve(server);
  applications = new Applications(deployments);
}, 60_000);

afterAll(async () => {
  deployments.close();
  await server.stop();
});

/** Makes functions whose handlers run one at a time. */
function inTurn(functions: HostedFunctions): HostedFunctions {
  const waiting = (definition: Definition): Definition => ({
    ...definition,
    receive: (activation) => work.act(() => definition.receive(activation)),
  });
  return {
    ...functions,
    find: (type) => {
      const definition = functions.find(type);
      return definition === undefined || definition.system ? definition : waiting(definition);
    },
  };
}

describe.each([
  ["the invocation carries on", 32],
  ["each delivery is an invocation", false],
] as const)("where %s", (_, carry) => {
  test.concurrent.for(randomPrograms())(
    "random flow %i has the same result, states, calls and bill in memory, in SQLite and on the cluster",
    { timeout: 180_000 },
    ([, program]) =>
      assertSameRuns(program, work, async ({ functions, clock, retentionMs }) => {
        const application = await applications.take();
        const engine: EngineOfCluster & ReturnType<typeof restateWith> = restateWith(
          {
            functions,
            application,
            ingress: [server.ingress],
            retention: retentionMs,
            carry,
            clock,
          },
          (hosted) => slowed(inTurn(hosted), 1 / SPEED),
        );
        await applications.serve(application, engine.handler);
        return engine;
      }),
  );
});
