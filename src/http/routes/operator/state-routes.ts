import type { Context } from "hono";
import type { Duration } from "../../../core/validation/duration.ts";
import { HandbackError } from "../../../core/errors/errors.ts";
import type { StatefulFunction } from "../../../futures/types/define.ts";
import { readJsonBody } from "../../requests/json-body.ts";
import { pathOf } from "../../requests/parameters.ts";
import { emptyAnswer, jsonAnswer } from "../../responses/answer.ts";
import { plainJson } from "../../responses/plain-json.ts";
import { ProblemError } from "../../responses/problem.ts";
import type { Methods } from "../route.ts";
import type { Served } from "../served.ts";
import { withQuery } from "./filters.ts";
import { operatorRoute } from "./operator-route.ts";

/** The routes to the states of stateful functions. */
export function stateRoutes(served: Served): Readonly<Record<string, Methods>> {
  const { client } = served;
  return {
    "/states/:namespace/:name": {
      GET: operatorRoute(served, "states", async (c) => {
        const f = statefulOf(c, served);
        const page = await withQuery(c, (options: object) => client.states(f, options));
        return jsonAnswer(200, plainJson(page));
      }),
    },
    "/states/:namespace/:name/:id": {
      GET: operatorRoute(served, "state", async (c) => {
        const { id = "" } = pathOf(c);
        // The directory has stateful functions only.
        const f = statefulOf(c, served) as StatefulFunction<object>;
        return jsonAnswer(200, { id, state: plainJson(await client.readState(f, id)) });
      }),
      DELETE: operatorRoute(served, "terminate", async (c) => {
        await client.terminate(statefulOf(c, served), pathOf(c)["id"] ?? "");
        return emptyAnswer(204);
      }),
    },
    "/states/:namespace/:name/:id/expiry": {
      POST: operatorRoute(served, "expire", async (c) => {
        const [f, { id = "" }] = [statefulOf(c, served), pathOf(c)];
        const duration = (await readJsonBody(c, served.bodies)) as Duration;
        await client.expireAfter(f, id, duration).catch(refuseDuration);
        return emptyAnswer(204);
      }),
    },
  };
}

/** Finds the function that the path names. @throws a `ProblemError` */
function statefulOf(c: Context, { exposed }: Served): object {
  const { namespace = "", name = "" } = pathOf(c);
  const f = exposed.stateful(`${namespace}/${name}`);
  if (f === undefined) throw new ProblemError("UNKNOWN_FUNCTION");
  return f;
}

function refuseDuration(error: unknown): never {
  throw HandbackError.is(error, "INVALID_DELAY") ? new ProblemError("MALFORMED_OPTIONS") : error;
}
