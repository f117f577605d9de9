import type { Context, Hono } from "hono";
import { digest } from "../core/crypto/digest.ts";
import type { Client } from "../futures/client/client.ts";
import { BodyMemory } from "./requests/body-bytes.ts";
import { exposedFunctions } from "./requests/exposed-functions.ts";
import { queryOf } from "./requests/parameters.ts";
import { ProblemError } from "./responses/problem.ts";
import { servedApp } from "./served-app.ts";
import { Waits } from "./waiting/waits.ts";
import { azureRules } from "./azure/azure-options.ts";
import type { AzureCompatOptions, AzureRules } from "./azure/azure-options.ts";
import { instanceRoutes } from "./azure/instance-routes.ts";
import { orchestratorsOf } from "./azure/orchestrators.ts";

/**
 * Serves flows under the routes of Azure Durable Functions, with its field names and status codes, so
 * that programs which start and poll its instances need no change but the address. A function
 * `shop/order` is the orchestrator `order`, and an instance is a flow whose key is the instance id.
 *
 * | request | answer |
 * |---|---|
 * | `POST /api/orchestrators/:name[/:instanceId]` | 202 with the URLs of the instance; 400; 409 if it runs |
 * | `GET .../instances/:instanceId` | 202 while it runs; 200 with its outcome |
 * | `POST .../instances/:instanceId/raiseEvent/:event` | 202; 410 if it has ended |
 * | `POST .../instances/:instanceId/terminate`, `/suspend`, `/resume` | 202; 410 if it has ended |
 * | `POST .../instances/:instanceId/rewind`, `/restart` | 202; 412 or 409 if it cannot run again |
 * | `DELETE .../instances/:instanceId` | 200; 404 if there is none that has ended |
 * | `GET .../instances`, `DELETE .../instances` | 200: a page of instances; their number |
 *
 * `...` is `/runtime/webhooks/durabletask`, where `orchestrators/:name` works, too. The page
 * "Flows over HTTP" compares each route with that of Azure.
 *
 * @throws `INVALID_OPTIONS`, also if two functions have one name without their namespaces;
 * `INVALID_DELAY`
 * @example
 * import { embedded, fn, memory } from "handback";
 * import { azureCompat } from "handback/http";
 *
 * const greet = fn("docs/azure-greet", (_, name: string) => `hello ${name}`);
 * const engine = await embedded({ functions: [greet], store: memory() });
 * const app = azureCompat(engine.client, { functions: [greet] });
 * const headers = { "content-type": "application/json" };
 * const request = { method: "POST", body: `"Ada"`, headers };
 * const started = await app.request("/api/orchestrators/azure-greet/greet-1", request);
 * const { statusQueryGetUri } = (await started.json()) as { statusQueryGetUri: string };
 * await engine.client.flow("greet-1").result();
 * const answer = await app.request(statusQueryGetUri);
 * console.log(await answer.json()); // { ..., runtimeStatus: "Completed", ..., output: "hello Ada", ... }
 * await engine.close();
 */
export function azureCompat(client: Client, options: AzureCompatOptions): Hono {
  const rules = azureRules(options);
  const exposed = exposedFunctions(options.functions);
  const served = {
    client,
    rules,
    exposed,
    orchestrators: orchestratorsOf(exposed),
    waits: new Waits(rules),
    bodies: { limit: rules.bodyLimit, memory: new BodyMemory(rules.bodiesLimit) },
  };
  const check = (c: Context): void => checkCode(c, rules);
  return servedApp({ rules, routes: instanceRoutes(served), check });
}

/** Refuses a request without the key. @throws a `ProblemError` */
function checkCode(c: Context, { code }: AzureRules): void {
  if (code === undefined) return;
  const given = c.req.header("x-functions-key") ?? queryOf(c, "code") ?? "";
  // Digests take the same time to compare, wherever the first difference is.
  if (digest(given) !== digest(code)) throw new ProblemError("FORBIDDEN", {}, { status: 401 });
}
