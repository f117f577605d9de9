import { Hono } from "hono";
import { assetRoutes } from "./routes/asset-routes.ts";
import { actionRoutes } from "./routes/action-routes.ts";
import { flowPageRoutes } from "./routes/flow-routes.ts";
import { failedPageAnswer } from "./routes/failed-page-answer.ts";
import { storePageRoutes } from "./routes/store-routes.ts";
import { addPage } from "./routes/page-route.ts";
import type { Inspected } from "./routes/page-route.ts";
import { ProblemError } from "../http/responses/problem.ts";
import { inspectorRules } from "./rules/options.ts";
import type { InspectorOptions } from "./rules/options.ts";

/**
 * Makes the inspector: web pages that show flows, functions, states, approvals, dead letters and the
 * engine, and that carry out an operator's actions. The result is a Hono app, and its `fetch` answers
 * requests of the Fetch standard, so it can be mounted in any server. `handback serve` serves it at
 * `/inspector`.
 *
 * Without `token` and `authorize`, it answers only requests that come from this machine. The pages
 * need no script, and load no other site's files. Every action is confirmed on a page of its own.
 *
 * @throws `INVALID_OPTIONS`
 * @example
 * import { embedded, fn, memory } from "handback";
 * import { inspector } from "handback/inspector";
 *
 * const greet = fn("docs/greet-all", (_, name: string) => `hello ${name}`);
 * const engine = await embedded({ functions: [greet], store: memory(), history: true });
 * await engine.client.call(greet, "Ada", { key: "greet-1" });
 * const pages = inspector({ engine, functions: [greet] });
 * const page = await pages.fetch(new Request("http://localhost/flows/greet-1"));
 * console.log(page.status, (await page.text()).includes("docs/greet-all")); // 200 true
 * await engine.close();
 */
export function inspector(options: InspectorOptions): Hono {
  const rules = inspectorRules(options);
  const inspected: Inspected = { rules, client: rules.engine.client };
  const app = new Hono({ strict: false });
  const routes = {
    ...assetRoutes(),
    ...flowPageRoutes(inspected),
    ...storePageRoutes(inspected),
    ...actionRoutes(inspected),
  };
  for (const [path, route] of Object.entries(routes)) addPage(app, path, { inspected, route });
  app.notFound(() => {
    const base = rules.basePath ?? "";
    return failedPageAnswer(new ProblemError("NO_ROUTE"), { rules, base });
  });
  return app;
}
