import type { Context } from "hono";
import { HandbackError } from "../../core/errors/errors.ts";
import { checkFlowKey } from "../../core/validation/names.ts";
import type { Client } from "../../futures/client/client.ts";
import type { Invokable } from "../../futures/types/function.ts";
import { specOf } from "../../futures/define/spec.ts";
import { authorized } from "../requests/access.ts";
import { isReachable, randomId } from "../requests/flow-ids.ts";
import { inputIssues } from "../requests/input-issues.ts";
import { pathOf } from "../requests/parameters.ts";
import { jsonAnswer } from "../responses/answer.ts";
import { ProblemError } from "../responses/problem.ts";
import type { AzureServed } from "./azure-served.ts";
import { baseUrlOf, managementUrls } from "./management-urls.ts";
import { readAzureBody } from "./read-azure-body.ts";

/** Bytes of an id that the app makes. */
const ID_BYTES = 16;

/**
 * Starts an instance. One of the same id that has ended is replaced, and one that runs is a
 * conflict.
 *
 * @param segments - number of the path segments of the route
 */
export async function startInstance(
  c: Context,
  served: AzureServed,
  segments: number,
): Promise<Response> {
  const { client, rules, orchestrators } = served;
  const { name = "", flow } = pathOf(c);
  const f = orchestrators.get(name);
  const type = specOf(f)?.type ?? name;
  const access = { action: "start", function: type, ...(flow !== undefined && { flow }) } as const;
  await authorized(rules.authorize, c.req.raw, access);
  if (f === undefined) throw new ProblemError("UNKNOWN_FUNCTION", {}, { status: 400 });
  const input = await readAzureBody(c, served);
  const issues = await inputIssues(f, input, rules.clock);
  if (issues !== undefined) throw new ProblemError("INVALID_INPUT", {}, { issues });
  const id = flow === undefined ? randomId(ID_BYTES) : await freeId(client, flow);
  await client.start(f as Invokable<unknown, unknown>, input, { key: id });
  const segmentsInAll = flow === undefined ? segments : segments + 1;
  const urls = managementUrls(baseUrlOf(c, rules, segmentsInAll), id, rules.code);
  return jsonAnswer(202, urls, {
    Location: urls.statusQueryGetUri,
    "Retry-After": rules.retryAfter,
  });
}

/** Checks the id of a new instance, and deletes one of this id that has ended. */
async function freeId(client: Client, id: string): Promise<string> {
  if (!isReachable(id)) throw new ProblemError("INVALID_IDEMPOTENCY_KEY");
  try {
    if (await client.purge(checkFlowKey(id))) return id;
  } catch (error) {
    if (HandbackError.is(error, "NOT_FOUND")) return id;
    throw error;
  }
  throw new ProblemError("IDEMPOTENCY_CONFLICT");
}
