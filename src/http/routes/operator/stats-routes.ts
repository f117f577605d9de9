import { HandbackError } from "../../../core/errors/errors.ts";
import { plainJson } from "../../responses/plain-json.ts";
import { jsonAnswer } from "../../responses/answer.ts";
import type { Methods } from "../route.ts";
import type { Served } from "../served.ts";
import { operatorRoute } from "./operator-route.ts";

/** The route to the figures of the engine. */
export function statsRoutes(served: Served): Readonly<Record<string, Methods>> {
  return {
    "/stats": {
      GET: operatorRoute(served, "stats", async () => {
        const { stats } = served.rules;
        if (stats === undefined)
          throw new HandbackError("UNSUPPORTED", "asyncHttp has no option stats");
        return jsonAnswer(200, plainJson(stats.stats()));
      }),
    },
  };
}
