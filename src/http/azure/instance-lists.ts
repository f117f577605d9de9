import type { Context } from "hono";
import { HandbackError } from "../../core/errors/errors.ts";
import { jsonAnswer } from "../responses/answer.ts";
import { ProblemError } from "../responses/problem.ts";
import { instanceFilterOf, pageLengthOf } from "./instance-filter.ts";
import { instanceReport } from "./instance-report.ts";
import type { InstanceReport } from "./instance-report.ts";
import type { AzureServed } from "./azure-served.ts";

const CONTINUATION = "x-ms-continuation-token";
const ENDED = ["completed", "failed", "cancelled"] as const;

/** Answers with a page of instances. A header names the next page. */
export async function listInstances(c: Context, served: AzureServed): Promise<Response> {
  const { client, exposed, rules } = served;
  const { filter, statuses } = instanceFilterOf(c);
  const [limit, cursor] = [pageLengthOf(c), c.req.header(CONTINUATION)];
  const [status, ...more] = statuses ?? [];
  if (statuses?.length === 0) return jsonAnswer(200, []);
  const page = await checked(() =>
    client.flows({
      ...filter,
      ...(status !== undefined && more.length === 0 && { status }),
      ...(limit !== undefined && { limit }),
      ...(cursor !== undefined && { cursor }),
    }),
  );
  const reports: InstanceReport[] = [];
  for (const flow of page.flows) {
    if (!exposed.shows(flow.function) || statuses?.includes(flow.status) === false) continue;
    const report = await orGone(() => instanceReport(client, flow.id, rules.describeFailure));
    if (report !== undefined) reports.push(report);
  }
  return jsonAnswer(200, reports, page.cursor === undefined ? {} : { [CONTINUATION]: page.cursor });
}

/** Deletes the instances of a filter that have ended. */
export async function purgeInstances(c: Context, served: AzureServed): Promise<Response> {
  const { client, exposed } = served;
  const { filter, statuses = ENDED } = instanceFilterOf(c);
  let instancesDeleted = 0;
  for (const status of ENDED.filter((each) => statuses.includes(each)))
    await checked(async () => {
      for await (const { id, function: type } of client.flows({ ...filter, status }))
        if (exposed.shows(type) && (await orGone(() => client.purge(id))) === true)
          instancesDeleted++;
    });
  return jsonAnswer(instancesDeleted > 0 ? 200 : 404, { instancesDeleted });
}

/** An instance may be purged after it was listed. */
async function orGone<Result>(act: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await act();
  } catch (error) {
    if (HandbackError.is(error, "NOT_FOUND")) return undefined;
    throw error;
  }
}

/** Refuses a filter that the client refuses. */
async function checked<Result>(call: () => PromiseLike<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    if (HandbackError.is(error, "INVALID_OPTIONS", "INVALID_DELAY"))
      throw new ProblemError("MALFORMED_FILTER");
    throw error;
  }
}
