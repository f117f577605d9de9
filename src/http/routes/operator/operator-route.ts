import type { Context } from "hono";
import { HandbackError } from "../../../core/errors/errors.ts";
import { authorized } from "../../requests/access.ts";
import type { Access } from "../../requests/access.ts";
import { readJsonBody } from "../../requests/json-body.ts";
import { pathOf, queryOf } from "../../requests/parameters.ts";
import { ProblemError } from "../../responses/problem.ts";
import type { Route } from "../route.ts";
import type { Served } from "../served.ts";

/** Makes a route for operators. Its hook gets the names in the path, or `?function=`. */
export function operatorRoute(
  { rules }: Served,
  action: Access["action"],
  answer: (c: Context) => Promise<Response>,
): Route {
  return async (c) => {
    const { namespace, name, flow, id } = pathOf(c);
    const type = namespace === undefined ? queryOf(c, "function") : `${namespace}/${name}`;
    const access = {
      action,
      ...(type !== undefined && { function: type }),
      ...(flow !== undefined && { flow }),
      ...(id !== undefined && { id }),
    };
    await authorized(rules.authorize, c.req.raw, access);
    return answer(c);
  };
}

/**
 * Calls a method of the client with the members of the body as its options. The method checks them:
 * an unknown or invalid one is a `MALFORMED_OPTIONS` problem.
 */
export async function withBody<Options>(
  c: Context,
  { bodies }: Served,
  call: (options: Options) => Promise<void>,
): Promise<void> {
  const body = (await readJsonBody(c, bodies)) ?? {};
  try {
    await call(body as Options);
  } catch (error) {
    if (HandbackError.is(error, "INVALID_OPTIONS", "INVALID_DELAY"))
      throw new ProblemError("MALFORMED_OPTIONS");
    throw error;
  }
}
