import { fn, stateful, value } from "handback";
import type { StandardSchemaV1 } from "handback";
import { asyncHttp } from "handback/http";
import { Hono } from "hono";
import { describe, expect, test, vi } from "vitest";
import * as z from "zod";
import { openApp } from "../open-app.ts";

const tree = z.object({
  name: z.string(),
  get children(): z.ZodArray<typeof tree> {
    return z.array(tree);
  },
});
const grow = fn("api/grow", { input: tree }, (_, { name }) => name);
const plain = fn("api/plain", (_, n: number) => n);
const dated = fn("api/dated", { input: z.object({ at: z.date() }) }, (_, { at }) => at);
const accented = fn("api/été{x}", { input: z.string() }, (_, word) => word);
const accented2 = fn("api/_t__x_", { input: z.number() }, (_, n) => n);
const cart = stateful("api/cart", {
  state: { items: value(0) },
  handlers: { add: (ctx) => ctx.state.items++ },
});
const renamed = fn("api/renamed", { aliases: ["api/old"] }, () => 1);
const functions = [grow, plain, dated, accented, accented2, cart, renamed];

type Part = Readonly<Record<string, unknown>>;
type Document = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Part>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Part>> };
  readonly servers: readonly Part[];
};

async function documentOf(options: object = {}) {
  const { ask, engine } = await openApp({ functions, ...options });
  const { status, body, text } = await ask("GET", "/openapi.json");
  return { status, text, engine, document: body as unknown as Document };
}

/** Returns the input schema of the route that starts a function. */
function inputOf({ paths }: Document, path: string): unknown {
  const { requestBody } = (paths[path]?.["post"] ?? {}) as unknown as {
    readonly requestBody: { readonly content: Readonly<Record<string, { readonly schema: Part }>> };
  };
  return requestBody.content["application/json"]?.schema;
}

/** Returns the part of the document that a reference names. */
function partAt(document: unknown, reference: string): unknown {
  return reference
    .slice(2)
    .split("/")
    .reduce((part, name) => (part as Part | undefined)?.[name], document);
}

describe("the document of an app", () => {
  test("is OpenAPI 3.1, and describes exactly the routes of the app", async () => {
    const options = { operator: true, authorize: () => true };
    const { document, status, engine } = await documentOf(options);
    expect([status, document]).toMatchObject([200, { openapi: "3.1.0", servers: [{ url: "/" }] }]);
    const app = asyncHttp(engine.client, { functions, ...options });
    const described = Object.entries(document.paths)
      .filter(([path]) => !path.startsWith("/functions/"))
      .flatMap(([path, item]) =>
        Object.keys(item).flatMap((method) =>
          method === "parameters" ? [] : `${method.toUpperCase()} ${path}`,
        ),
      );
    const served: string[] = [];
    for (const path of new Set(app.routes.map((route) => route.path))) {
      if (path.startsWith("/functions/")) continue;
      const { headers } = await app.request(path.replaceAll(":", ""), { method: "OPTIONS" });
      for (const method of headers.get("allow")?.split(", ") ?? [])
        if (method !== "HEAD" && method !== "OPTIONS")
          served.push(`${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`);
    }
    expect(described.toSorted()).toEqual(served.toSorted());
  });

  test("has a path for each function and operation, by its present name", async () => {
    const { document } = await documentOf();
    const paths = Object.keys(document.paths).filter((path) => path.startsWith("/functions/"));
    expect(paths).toEqual([
      "/functions/api/grow",
      "/functions/api/plain",
      "/functions/api/dated",
      "/functions/api/%C3%A9t%C3%A9%7Bx%7D",
      "/functions/api/_t__x_",
      "/functions/api/cart/add",
      "/functions/api/renamed",
    ]);
  });

  test("has the schemas of inputs, whose references hold", async () => {
    const { document, text } = await documentOf();
    expect(inputOf(document, "/functions/api/grow")).toEqual({
      $ref: "#/components/schemas/api.grow",
    });
    expect(document.components.schemas["api.grow"]).toMatchObject({
      type: "object",
      properties: { name: { type: "string" } },
    });
    const references = [...text.matchAll(/"\$ref":"([^"]*)"/g)].map(([, name = ""]) => name);
    expect(references).toContain("#/components/schemas/api.grow");
    for (const reference of references) expect(partAt(document, reference)).toBeTypeOf("object");
  });

  test("gives each function a schema and an id of its own, also if names look alike", async () => {
    const { document } = await documentOf();
    const schemaAt = (path: string): unknown => {
      const { $ref } = inputOf(document, path) as { readonly $ref: string };
      return partAt(document, $ref);
    };
    expect(schemaAt("/functions/api/%C3%A9t%C3%A9%7Bx%7D")).toMatchObject({ type: "string" });
    expect(schemaAt("/functions/api/_t__x_")).toMatchObject({ type: "number" });
    const ids = Object.values(document.paths).flatMap((item) =>
      Object.values(item).flatMap(({ operationId }) => operationId ?? []),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });

  test.each(["plain", "dated", "cart/add"])(
    "says that the input of %s is untyped",
    async (name) => {
      const { document } = await documentOf();
      expect(inputOf(document, `/functions/api/${name}`)).toEqual({
        description: expect.stringContaining("untyped"),
      });
    },
  );

  test("leaves data in a schema as it is, and takes only what is JSON", async () => {
    const given = {
      $schema: "s",
      $id: "i",
      $ref: "#/$defs/a",
      const: { $ref: "#/x" },
      properties: { $ref: { $ref: "#" } },
      extra: () => 1,
    };
    const describing: StandardSchemaV1<string> = {
      "~standard": Object.assign(
        {
          version: 1 as const,
          vendor: "test",
          validate: (input: unknown) => ({ value: String(input) }),
        },
        { jsonSchema: { input: () => given } },
      ),
    };
    const { document } = await documentOf({
      functions: [fn("api/a", { input: describing }, () => 1)],
    });
    expect(document.components.schemas["api.a"]).toEqual({
      $ref: "#/components/schemas/api.a/$defs/a",
      const: { $ref: "#/x" },
      properties: { $ref: { $ref: "#/components/schemas/api.a" } },
    });
  });

  test("names the path at which the app is mounted", async () => {
    const { engine } = await documentOf();
    const outer = new Hono().route("/api/v1", asyncHttp(engine.client, { functions }));
    const answer = await outer.request("/api/v1/openapi.json");
    expect(((await answer.json()) as Document).servers).toEqual([{ url: "/api/v1" }]);
    const behind = asyncHttp(engine.client, { functions, basePath: "/b" });
    const other = (await (await behind.request("/openapi.json")).json()) as Document;
    expect(other.servers).toEqual([{ url: "/b" }]);
  });

  test("is shown if the hook allows it", async () => {
    const authorize = vi.fn<() => boolean>(() => false);
    expect((await documentOf({ authorize })).status).toBe(403);
    expect(authorize.mock.calls).toEqual([[expect.anything(), { action: "openapi" }]]);
  });
});
