import { HandbackError } from "../../../core/errors/errors.ts";
import { pathOf } from "../../requests/parameters.ts";
import { emptyAnswer, jsonAnswer } from "../../responses/answer.ts";
import { plainJson } from "../../responses/plain-json.ts";
import { ProblemError } from "../../responses/problem.ts";
import type { DeadLetterKeeper } from "../options.ts";
import type { Methods } from "../route.ts";
import type { Served } from "../served.ts";
import { withQuery } from "./filters.ts";
import { operatorRoute } from "./operator-route.ts";

/** The routes to dead letters. */
export function deadLetterRoutes(served: Served): Readonly<Record<string, Methods>> {
  const { client } = served;
  return {
    "/dead-letters": {
      GET: operatorRoute(served, "dead-letters", async (c) => {
        const page = await withQuery(c, (options: object) => client.deadLetters(options));
        return jsonAnswer(200, plainJson(page));
      }),
    },
    "/dead-letters/:id": {
      DELETE: operatorRoute(served, "discard", async (c) => {
        await keeperOf(served).discard(pathOf(c)["id"] ?? "");
        return emptyAnswer(204);
      }),
    },
    "/dead-letters/:id/redrive": {
      POST: operatorRoute(served, "redrive", async (c) => {
        const isSent = await keeperOf(served).redrive(pathOf(c)["id"] ?? "");
        if (!isSent) throw new ProblemError("NOT_REDRIVEN");
        return emptyAnswer(202);
      }),
    },
  };
}

function keeperOf({ rules }: Served): DeadLetterKeeper {
  if (rules.deadLetters !== undefined) return rules.deadLetters;
  throw new HandbackError("UNSUPPORTED", "asyncHttp has no option deadLetters");
}
