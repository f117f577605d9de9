import type { Context } from "hono";
import { HandbackError } from "../../core/errors/errors.ts";
import { authorized } from "../requests/access.ts";
import { pathOf, queryOf } from "../requests/parameters.ts";
import { emptyAnswer, jsonAnswer } from "../responses/answer.ts";
import { ProblemError } from "../responses/problem.ts";
import { flowRoute } from "../routes/route.ts";
import type { Methods, Route } from "../routes/route.ts";
import type { AzureServed } from "./azure-served.ts";
import { listInstances, purgeInstances } from "./instance-lists.ts";
import { instanceReport } from "./instance-report.ts";
import { baseUrlOf, managementUrls, WEBHOOKS } from "./management-urls.ts";
import { readAzureBody } from "./read-azure-body.ts";
import { startInstance } from "./start-instance.ts";

/** The segments of the paths of one instance. */
const INSTANCE_SEGMENTS = 5;

/** The paths of the routes of Azure, and their methods. */
export function instanceRoutes(served: AzureServed): Readonly<Record<string, Methods>> {
  const start = (segments: number): Methods => ({
    POST: (c) => startInstance(c, served, segments),
  });
  const lists: Methods = {
    GET: listRoute(served, "list", listInstances),
    DELETE: listRoute(served, "purge-all", purgeInstances),
  };
  const instance = `${WEBHOOKS}/instances/:flow`;
  return {
    "/api/orchestrators/:name": start(3),
    "/api/orchestrators/:name/:flow": start(3),
    [`${WEBHOOKS}/orchestrators/:name`]: start(5),
    [`${WEBHOOKS}/orchestrators/:name/:flow`]: start(5),
    [`${WEBHOOKS}/instances`]: lists,
    [`${WEBHOOKS}/instances/`]: lists,
    [instance]: oneInstance(served),
    ...actionRoutes(served, instance),
  };
}

function oneInstance(served: AzureServed): Methods {
  const { client, rules } = served;
  return {
    GET: flowRoute(served, "status", async (c, flow) => {
      const report = await instanceReport(client, flow, rules.describeFailure);
      const { statusQueryGetUri } = managementUrls(
        baseUrlOf(c, rules, INSTANCE_SEGMENTS),
        flow,
        rules.code,
      );
      if (report.runtimeStatus === "Running" || report.runtimeStatus === "Suspended")
        return jsonAnswer(202, report, {
          Location: statusQueryGetUri,
          "Retry-After": rules.retryAfter,
        });
      const tellsFailure = queryOf(c, "returnInternalServerErrorOnFailure") === "true";
      return jsonAnswer(report.runtimeStatus === "Failed" && tellsFailure ? 500 : 200, report);
    }),
    DELETE: flowRoute(served, "purge", async (_, flow) => {
      const isPurged = await client.purge(flow);
      return jsonAnswer(isPurged ? 200 : 404, { instancesDeleted: isPurged ? 1 : 0 });
    }),
  };
}

function actionRoutes(served: AzureServed, path: string): Readonly<Record<string, Methods>> {
  const { client } = served;
  return {
    [`${path}/raiseEvent/:event`]: {
      POST: flowRoute(served, "event", async (c, flow) => {
        await client.signal(flow, pathOf(c)["event"] ?? "", await readAzureBody(c, served));
        return emptyAnswer(202);
      }),
    },
    [`${path}/terminate`]: {
      POST: flowRoute(served, "cancel", async (_, flow) => {
        if (!(await client.cancel(flow))) throw new ProblemError("FLOW_OVER");
        return emptyAnswer(202);
      }),
    },
    [`${path}/suspend`]: {
      POST: flowRoute(served, "pause", async (_, flow) => {
        await client.pause(flow);
        return emptyAnswer(202);
      }),
    },
    [`${path}/resume`]: {
      POST: flowRoute(served, "resume", async (_, flow) => {
        await resumeInstance(served, flow);
        return emptyAnswer(202);
      }),
    },
    [`${path}/rewind`]: {
      POST: flowRoute(served, "restart", async (_, flow) => {
        await rewindInstance(served, flow);
        return emptyAnswer(202);
      }),
    },
    [`${path}/restart`]: {
      POST: flowRoute(served, "restart", async (c, flow) => {
        // A new instance would need the input of the first one, which its engine alone can read.
        if (queryOf(c, "restartWithNewInstanceId") !== "false")
          throw new ProblemError("UNSUPPORTED");
        await client.restart(flow, { keys: "new" });
        const { rules } = served;
        const base = baseUrlOf(c, rules, INSTANCE_SEGMENTS + 1);
        return jsonAnswer(202, managementUrls(base, flow, rules.code));
      }),
    },
  };
}

/** Runs a failed instance again, and keeps what it has done under its keys. @throws `FLOW_OVER` */
async function rewindInstance({ client }: AzureServed, flow: string): Promise<void> {
  const { status, settledAt } = await client.status(flow);
  if (settledAt !== undefined && status !== "failed") throw new ProblemError("FLOW_OVER");
  try {
    await client.restart(flow, { keys: "same" });
  } catch (error) {
    if (!HandbackError.is(error, "NOT_RESTARTABLE")) throw error;
    throw new ProblemError(error.code, {}, { status: 412 });
  }
}

/** Resumes an instance. One that runs stays as it is. @throws `FLOW_OVER` */
async function resumeInstance({ client }: AzureServed, flow: string): Promise<void> {
  try {
    await client.resume(flow);
  } catch (error) {
    if (!HandbackError.is(error, "NOT_PAUSED")) throw error;
    const { settledAt } = await client.status(flow);
    if (settledAt !== undefined) throw new ProblemError("FLOW_OVER");
  }
}

/** Makes a route to all instances. Without a key or a hook, nobody may see them. */
function listRoute(
  served: AzureServed,
  action: "list" | "purge-all",
  answer: (c: Context, served: AzureServed) => Promise<Response>,
): Route {
  const { authorize, code } = served.rules;
  return async (c) => {
    if (authorize === undefined && code === undefined) throw new ProblemError("FORBIDDEN");
    await authorized(authorize, c.req.raw, { action });
    return answer(c, served);
  };
}
