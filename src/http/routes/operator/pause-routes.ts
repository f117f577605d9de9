import type { Context } from "hono";
import { pathOf } from "../../requests/parameters.ts";
import { emptyAnswer, jsonAnswer } from "../../responses/answer.ts";
import type { Methods } from "../route.ts";
import type { Served } from "../served.ts";
import { operatorRoute } from "./operator-route.ts";

/** The routes that hold back flows and functions. */
export function pauseRoutes(served: Served): Readonly<Record<string, Methods>> {
  const { client } = served;
  return {
    "/flows/:flow/pause": {
      POST: operatorRoute(served, "pause", async (c) => {
        await client.pause(pathOf(c)["flow"] ?? "");
        return emptyAnswer(202);
      }),
    },
    "/paused-functions": {
      GET: operatorRoute(served, "paused-functions", async () =>
        jsonAnswer(200, { functions: await client.pausedFunctions() }),
      ),
    },
    "/paused-functions/:namespace/:name": {
      POST: operatorRoute(served, "pause-function", async (c) => {
        await client.pause({ function: typeOf(c) });
        return emptyAnswer(202);
      }),
      DELETE: operatorRoute(served, "resume-function", async (c) => {
        await client.resume({ function: typeOf(c) });
        return emptyAnswer(202);
      }),
    },
  };
}

function typeOf(c: Context): string {
  const { namespace = "", name = "" } = pathOf(c);
  return `${namespace}/${name}`;
}
