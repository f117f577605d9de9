import type { Context } from "hono";
import { openApiDocument } from "../openapi/document.ts";
import type { JsonSchema } from "../openapi/input-schema.ts";
import { authorized } from "../requests/access.ts";
import { mountPathOf } from "../requests/mount-path.ts";
import { jsonAnswer } from "../responses/answer.ts";
import type { Methods } from "./route.ts";
import type { Served } from "./served.ts";

/** The path of the document that describes the app. */
const DOCUMENT = "/openapi.json";

/** The route of the OpenAPI document. It describes the given routes, and itself. */
export function documentRoute(
  { rules, exposed }: Served,
  routes: Readonly<Record<string, Methods>>,
): Readonly<Record<string, Methods>> {
  const paths = Object.entries(routes)
    .filter(([path]) => !path.startsWith("/functions/"))
    .map(([path, methods]): [string, readonly string[]] => [path, Object.keys(methods)]);
  let document: JsonSchema | undefined;
  const describe = (): JsonSchema =>
    (document ??= openApiDocument(
      exposed.all,
      Object.fromEntries([...paths, [DOCUMENT, ["GET"]] as const]),
    ));
  return {
    [DOCUMENT]: {
      GET: async (c: Context) => {
        await authorized(rules.authorize, c.req.raw, { action: "openapi" });
        const url = rules.basePath ?? mountPathOf(c, 1);
        return jsonAnswer(200, { ...describe(), servers: [{ url: url === "" ? "/" : url }] });
      },
    },
  };
}
