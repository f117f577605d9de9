import type { FailOptions, ResumeOptions } from "../../../futures/repair/repair-options.ts";
import type { RestartOptions } from "../../../futures/types/restart.ts";
import { pathOf } from "../../requests/parameters.ts";
import { emptyAnswer, jsonAnswer } from "../../responses/answer.ts";
import { plainJson } from "../../responses/plain-json.ts";
import type { Methods } from "../route.ts";
import type { Served } from "../served.ts";
import { operatorRoute, withBody } from "./operator-route.ts";

/** The routes that repair one flow: its paused calls, and its restart. */
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
    "/flows/:flow/restart": {
      POST: operatorRoute(served, "restart", async (c) => {
        const flow = pathOf(c)["flow"] ?? "";
        await withBody(c, served, (options: RestartOptions) => client.restart(flow, options));
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
