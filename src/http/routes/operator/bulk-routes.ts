import type { Context } from "hono";
import type { BulkOptions, BulkReport } from "../../../futures/client/bulk/run-in-bulk.ts";
import type { RestartOptions } from "../../../futures/types/restart.ts";
import type { FlowsFilter } from "../../../futures/listing/flow-filter.ts";
import type { Access } from "../../requests/access.ts";
import { jsonAnswer } from "../../responses/answer.ts";
import type { Methods } from "../route.ts";
import type { Served } from "../served.ts";
import { withQuery } from "./filters.ts";
import { operatorRoute } from "./operator-route.ts";

/** The options of all operations. The client checks that each gets those that it takes. */
type Options = BulkOptions & Partial<RestartOptions>;
type Bulk = (filter: FlowsFilter, options: Options) => Promise<BulkReport>;

/** The routes that change all flows that meet a filter. */
export function bulkRoutes(served: Served): Readonly<Record<string, Methods>> {
  const { client } = served;
  const bulk = (action: Access["action"], run: Bulk): Methods => ({
    POST: operatorRoute(served, action, async (c) =>
      jsonAnswer(200, await runWithinWait(c, served, run)),
    ),
  });
  return {
    "/bulk/pause": bulk("pause-all", (...asked) => client.pause(...asked)),
    "/bulk/resume": bulk("resume-all", (...asked) => client.resumeAll(...asked)),
    "/bulk/cancel": bulk("cancel-all", (...asked) => client.cancelAll(...asked)),
    "/bulk/purge": bulk("purge-all", (...asked) => client.purgeAll(...asked)),
    "/bulk/restart": bulk("restart-all", (filter, options) =>
      client.restartAll(filter, options as RestartOptions),
    ),
  };
}

/** Ends an operation whose time is over. */
const TIME_IS_OVER = new Error("the time of the request is over");

/**
 * Works on flows until all are visited or the longest wait is over. Returns the sums. They have a
 * cursor if there are more flows.
 */
async function runWithinWait(c: Context, { rules }: Served, run: Bulk): Promise<BulkReport> {
  const { clock, maxWaitMs } = rules;
  const endAt = clock.now() + maxWaitMs;
  return withQuery(c, async ({ batch, cursor, dryRun, keys, ...filter }: Options & FlowsFilter) => {
    let sums: BulkReport = { matched: 0, done: 0, cursor: undefined };
    const options = {
      ...(keys !== undefined && { keys }),
      ...(batch !== undefined && { batch }),
      ...(cursor !== undefined && { cursor }),
      ...(dryRun !== undefined && { dryRun }),
      onProgress(progress: BulkReport): void {
        sums = progress;
        if (progress.cursor !== undefined && clock.now() >= endAt) throw TIME_IS_OVER;
      },
    };
    try {
      return await run(filter, options);
    } catch (error) {
      if (error === TIME_IS_OVER) return sums;
      throw error;
    }
  });
}
