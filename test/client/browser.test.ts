import { build } from "esbuild";
import { posix } from "node:path";
import { createContext, runInContext } from "node:vm";
import { expect, test } from "vitest";
import { parseSource, readFiles, ROOT } from "../support/source.ts";
import { openServer } from "./open-server.ts";

const ENTRY = "src/client/index.ts";

/** Returns the module specifiers that a file needs at run time. */
function neededBy(path: string, text: string): readonly string[] {
  const code = text.replaceAll(/^(import|export) type [^;]* from "[^"]*";$/gm, "");
  return parseSource(path, code).imports;
}

test("the import graph of the client has no module of Node and no package", () => {
  const sources = readFiles("src", ".ts");
  const seen = new Set<string>([ENTRY]);
  const foreign: string[] = [];
  for (const path of seen)
    for (const specifier of neededBy(path, sources.get(path) ?? "")) {
      if (specifier.startsWith(".")) seen.add(posix.join(posix.dirname(path), specifier));
      else foreign.push(`${path} imports ${specifier}`);
    }
  expect(foreign).toEqual([]);
  expect(seen.size).toBeGreaterThan(10);
  expect(seen).toContain("src/core/errors/errors.ts");
});

test("the client is bundled for a browser, and runs with only what browsers have", async () => {
  const { server, engine } = await openServer();
  const { outputFiles, metafile } = await build({
    entryPoints: [ENTRY],
    absWorkingDir: ROOT,
    bundle: true,
    minify: true,
    platform: "browser",
    format: "iife",
    globalName: "handback",
    write: false,
    metafile: true,
  });
  expect(Object.values(metafile.outputs).flatMap(({ imports }) => imports)).toEqual([]);
  const code = outputFiles[0]?.text ?? "";
  const browser = { fetch, URL, URLSearchParams, AbortController, AbortSignal, TextDecoder };
  const timers = { setTimeout, clearTimeout, performance, crypto };
  const context = createContext({
    ...browser,
    ...timers,
    url: server.url,
  });
  runInContext(code, context);
  const run = (text: string): Promise<unknown> =>
    runInContext(`(async () => { ${text} })()`, context) as Promise<unknown>;
  await run("globalThis.client = handback.createClient(url)");
  expect(await run('return client.call("remote/double", 21)')).toBe(42);
  expect(await run('return client.call("remote/echo", { a: [1, null] })')).toEqual({
    a: [1, null],
  });
  const flow = await run(`
    const { id } = await client.start("remote/talk", "hello");
    for await (const { value } of client.stream(id, "words")) return [id, value];`);
  expect(flow).toEqual([expect.any(String), "hello"]);
  await engine.client.cancel((flow as readonly [string])[0]);
  expect(
    await run(
      `return client.result("unknown").catch((e) => handback.HandbackError.is(e, "NOT_FOUND"))`,
    ),
  ).toBe(true);
});
