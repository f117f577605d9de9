import { Hono } from "hono";
import type { Context } from "hono";
import { failureAnswer, problemAnswer } from "./error-response.ts";
import { checkOrigin, sharedWith } from "./requests/origins.ts";
import { checkPath } from "./requests/parameters.ts";
import { ProblemError } from "./responses/problem.ts";
import type { HttpRules } from "./routes/options.ts";
import { addRoute } from "./routes/route.ts";
import type { Methods } from "./routes/route.ts";

/** The routes of an app, and its answers to requests that it does not take. */
interface AppParts {
  readonly rules: Pick<HttpRules, "origins" | "log" | "retryAfter">;
  readonly routes: Readonly<Record<string, Methods>>;
  /** Checks each request, beside its origin and path. It throws a `ProblemError`. */
  readonly check?: (c: Context) => void;
  /** Returns the problem of a path that no route has. */
  readonly unknownPath?: (c: Context) => "NO_ROUTE" | "WRONG_MOUNT";
}

/** Makes an app of routes: each request is checked first, and failures get problem documents. */
export function servedApp({ rules, routes, check, unknownPath }: AppParts): Hono {
  const { origins, log, retryAfter } = rules;
  const app = new Hono();
  // Each further middleware would cost every request some microseconds.
  if (origins.length > 0) app.use(sharedWith(origins));
  const checkAll = (c: Context): void => {
    checkOrigin(c, origins);
    checkPath(c);
    check?.(c);
  };
  for (const [path, methods] of Object.entries(routes))
    addRoute(app, path, { check: checkAll, methods });
  app.notFound((c) => {
    checkAll(c);
    return problemAnswer(new ProblemError(unknownPath?.(c) ?? "NO_ROUTE"));
  });
  app.onError((error) => failureAnswer(error, { log, retryAfter }));
  return app;
}
