import type { Context } from "hono";
import { digestOfKey } from "../requests/flow-ids.ts";
import { readJsonBody } from "../requests/json-body.ts";
import { pathOf, waitOf } from "../requests/parameters.ts";
import { emptyAnswer } from "../responses/answer.ts";
import { ProblemError } from "../responses/problem.ts";
import { answerFlow, waiting } from "./answer-flow.ts";
import { flowRoute } from "./route.ts";
import type { Methods } from "./route.ts";
import type { Served } from "./served.ts";
import { startFlow } from "./start-flow.ts";
import { streamFlow } from "./stream-flow.ts";

/** The paths of the routes that start flows and serve one flow, and their methods. */
export function flowRoutes(served: Served): Readonly<Record<string, Methods>> {
  const { client, rules } = served;
  const start = { POST: (c: Context) => startFlow(c, served) };
  return {
    "/functions/:namespace/:name": start,
    "/functions/:namespace/:name/:operation": start,
    "/flows/:flow": {
      GET: flowRoute(served, "status", (c, flow) =>
        waiting(c, served, waitOf(c, rules.maxWaitMs), (wait) =>
          answerFlow(c, served, client.flow(flow), { ...wait, segments: 2, isNew: false }),
        ),
      ),
      DELETE: flowRoute(served, "purge", async (_, flow) => {
        if (!(await client.purge(flow))) throw new ProblemError("STILL_PENDING");
        return emptyAnswer(204);
      }),
    },
    "/flows/:flow/events/:event": {
      POST: flowRoute(served, "event", (c, flow, principal) =>
        signalFlow(c, served, { flow, principal }),
      ),
    },
    "/flows/:flow/streams/:channel": {
      GET: flowRoute(served, "stream", (c, flow) => streamFlow(c, served, flow)),
    },
    "/flows/:flow/cancel": {
      POST: flowRoute(served, "cancel", async (_, flow) => {
        if (!(await client.cancel(flow))) throw new ProblemError("FLOW_OVER");
        return emptyAnswer(202);
      }),
    },
  };
}

/** Sends an event to a flow. With `Idempotency-Key` it counts once. */
async function signalFlow(
  c: Context,
  { client, rules: { secret }, bodies }: Served,
  { flow, principal }: { readonly flow: string; readonly principal: string | undefined },
): Promise<Response> {
  const header = c.req.header("idempotency-key");
  const key = header === undefined ? undefined : digestOfKey(header, { principal, secret });
  const value = await readJsonBody(c, bodies);
  await client.signal(flow, pathOf(c)["event"] ?? "", value, key === undefined ? {} : { key });
  return emptyAnswer(202);
}
