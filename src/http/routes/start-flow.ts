import type { Context } from "hono";
import { NEW_STATE } from "../../futures/types/new-state.ts";
import type { Invokable } from "../../futures/types/function.ts";
import { authorized } from "../requests/access.ts";
import { isKnown, newFlowId } from "../requests/flow-ids.ts";
import { inputIssues } from "../requests/input-issues.ts";
import { readJsonBody } from "../requests/json-body.ts";
import { pathOf, queryOf, waitOf } from "../requests/parameters.ts";
import { readStateId } from "../requests/state-ids.ts";
import { ProblemError } from "../responses/problem.ts";
import { answerFlow, waiting } from "./answer-flow.ts";
import type { Served } from "./served.ts";

/** Starts a flow of an exposed function. */
export async function startFlow(c: Context, served: Served): Promise<Response> {
  const { client, rules, exposed } = served;
  const { namespace = "", name = "", operation } = pathOf(c);
  const [type, id] = [`${namespace}/${name}`, queryOf(c, "id")];
  const access = {
    action: "start",
    function: type,
    ...(operation !== undefined && { operation }),
    ...(id !== undefined && { id }),
  } as const;
  const principal = await authorized(rules.authorize, c.req.raw, access);
  const f = exposed.find(type, operation);
  if (f === undefined) throw new ProblemError("UNKNOWN_FUNCTION");
  const waitMs = waitOf(c, rules.maxWaitMs);
  const at =
    f.operation === undefined
      ? {}
      : { id: id === undefined ? NEW_STATE : await readStateId(client, id) };
  // There is a place for the wait before anything starts.
  return waiting(c, served, waitMs, async (wait) => {
    const header = c.req.header("idempotency-key");
    const key = await newFlowId(client, header, { principal, secret: rules.secret });
    const input = await readJsonBody(c, served.bodies);
    const issues = await inputIssues(f, input, rules.clock);
    // A known key belongs to an input that was accepted, perhaps by a former schema.
    if (issues !== undefined && !(await isKnown(client, key)))
      throw new ProblemError("INVALID_INPUT", {}, { issues });
    const handle = await client.start(f as Invokable<unknown, unknown>, input, { key, ...at });
    const segments = operation === undefined ? 3 : 4;
    return answerFlow(c, served, handle, { ...wait, segments, isNew: true });
  });
}
