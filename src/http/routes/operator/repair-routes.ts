import type { FailOptions, ResumeOptions } from "../../../futures/repair/repair-options.ts";
import { pathOf } from "../../requests/parameters.ts";
import { emptyAnswer, jsonAnswer } from "../../responses/answer.ts";
import { plainJson } from "../../responses/plain-json.ts";
import type { Methods } from "../route.ts";
import type { Served } from "../served.ts";
import { operatorRoute, withBody } from "./operator-route.ts";

/** The routes to the paused calls of one flow. */
export function repairRoutes(served: Served): Readonly<Record<string, Methods>> {
  const { client } = served;
  return {
    "/flows/:flow/paused": {
      GET: operatorRoute(served, "paused", async (c) => {
        const { paused } = await client.status(pathOf(c)["flow"] ?? "");
        return jsonAnswer(200, { paused: plainJson(paused) });
      }),
    },
    "/flows/:flow/resume": {
      POST: operatorRoute(served, "resume", async (c) => {
        const flow = pathOf(c)["flow"] ?? "";
        await withBody(c, served, (options: ResumeOptions) => client.resume(flow, options));
        return emptyAnswer(202);
      }),
    },
    "/flows/:flow/fail": {
      POST: operatorRoute(served, "fail", async (c) => {
        const flow = pathOf(c)["flow"] ?? "";
        await withBody(c, served, (options: FailOptions) => client.fail(flow, options));
        return emptyAnswer(202);
      }),
    },
  };
}
