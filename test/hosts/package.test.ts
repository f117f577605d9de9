import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  installed,
  installPackage,
  linkPackage,
  packPackage,
  runProgram,
} from "../support/packed-package.ts";
import { ROOT } from "../support/source.ts";

/** The only files that the package may contain. */
const ALLOWED =
  /^(package\.json|LICENSE|(README|ARCHITECTURE|CHANGELOG|CONTRIBUTING|SECURITY)\.md|(docs|examples)\/[\w/-]+\.(md|ts)|docs\/images\/[\w-]+\.png|dist\/[\w/-]+\.(js|js\.map|d\.ts)|dist\/(cjs|types)\/package\.json)$/;

const PROGRAM = `
import { embedded, fn, HandbackError, memory, sqlite, stateful, value } from "handback";

const double = fn("package/double", (_ctx, n: number) => 2 * n);
const counter = stateful("package/counter", {
  state: { count: value(0) },
  handlers: {
    add(ctx, n: number) {
      return (ctx.state.count += n);
    },
  },
});
const engine = await embedded({ functions: [double, counter], store: memory() });
const doubled: number = await engine.client.call(double, 21);
await engine.close();
console.log(doubled, typeof HandbackError, typeof sqlite);
`;

const PATTERNS_PROGRAM = `
import { embedded, fn, memory } from "handback";
import type { Fn } from "handback";
import { chain, fanOut, retry } from "handback/patterns";

const double = fn("package/double", (_ctx, n: number) => 2 * n);
const sum: Fn<readonly number[], number> = fanOut("package/sum", { each: retry("package/retry", double), join: (all) => all.reduce((a, b) => a + b, 0) });
const main = chain("package/main", (n: number) => [n, n], sum, (n) => String(n));
const engine = await embedded({ functions: [main], store: memory() });
console.log(await engine.client.call(main, 21));
await engine.close();
`;

/** Needs hono and its server for Node beside the package. */
const HTTP_PROGRAM = `
import { embedded, fn, memory } from "handback";
import { asyncHttp, serveHttp } from "handback/http";

const double = fn("package/double", (_ctx, n: number) => 2 * n);
const engine = await embedded({ functions: [double], store: memory() });
const server = await serveHttp(asyncHttp(engine.client, { functions: [double] }));
const request = { method: "POST", body: "21", headers: { "content-type": "application/json" } };
const answer = await fetch(server.url + "/functions/package/double?wait=30", request);
console.log(answer.status, ((await answer.json()) as { output: number }).output);
await server.close();
await engine.close();
`;

/** Needs hono beside the package. */
const INSPECTOR_PROGRAM = `
import { embedded, fn, memory } from "handback";
import { inspector } from "handback/inspector";

const double = fn("package/double", (_ctx, n: number) => 2 * n);
const engine = await embedded({ functions: [double], store: memory() });
await engine.client.call(double, 21, { key: "d" });
const page = await inspector({ engine, functions: [double] }).fetch(new Request("http://localhost/flows/d"));
console.log(page.status, (await page.text()).includes("package/double"));
await engine.close();
`;

/** Writes so much at once that it uses a thread, whose code must be found where it is installed. */
const SQLITE_PROGRAM = `
import { embedded, fn, sqlite } from "handback";

let threads = 0;
process.on("worker", () => threads++);
const double = fn("package/double", (_ctx, n: number) => 2 * n);
const engine = await embedded({ functions: [double], store: sqlite("./package.db") });
const doubled = await Promise.all(Array.from({ length: 500 }, (_, n) => engine.client.call(double, n)));
await engine.close();
console.log(doubled[499], threads);
`;

/** Needs fast-check beside the package. */
const TESTING_PROGRAM = `
import { fn } from "handback";
import { everyCrash, schedules, simulate } from "handback/testing";
import type { Run } from "handback/testing";

const double = fn("package/double", (_ctx, n: number) => 2 * n);
const run: Run<number> = await simulate({ functions: [double], seed: 1, faults: { crash: 0.1 } }, (t) => t.client.call(double, 21));
const { points } = await everyCrash({ functions: [double] }, (t) => t.client.call(double, 21));
console.log(run.result, points > 1, typeof schedules);
`;

/** An engine's author needs the parts of an engine and the suite beside the package. */
const ENGINE_PROGRAM = `
import { fn } from "handback";
import { activate, Client, defineFunctions } from "handback/engine";
import type { Definition, Effects, Engine, Environment } from "handback/engine";
import { testEngine } from "handback/testing";
import type { EngineUnderTest, MakeOptions, MissingCapability } from "handback/testing";

declare const start: (definitions: ReadonlyMap<string, Definition>, options: MakeOptions) => Engine;
const missing: readonly MissingCapability[] = [{ capability: "virtualTime", reason: "it is a server" }];
const make = (options: MakeOptions): EngineUnderTest => ({
  client: new Client(start(defineFunctions(options.functions), options), 1_000),
});
const tests = testEngine({ make, dispose: () => undefined, missing });
const definitions = defineFunctions([fn("package/double", (_ctx, n: number) => 2 * n)]);
const handle: (environment: Environment) => Effects | Promise<Effects> | undefined = () => undefined;
console.log(tests.length > 100, definitions.has("package/double"), typeof activate, typeof handle);
`;

describe("the packed package", () => {
  let scratch = "";
  let files: readonly string[] = [];
  let tarball = "";
  const unpacked = (): string => join(scratch, "app/node_modules/handback");

  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), "handback-package-"));
    ({ files, tarball } = packPackage(scratch));
    installPackage(join(scratch, "app"), tarball);
  });
  afterAll(() => {
    rmSync(scratch, { recursive: true, force: true });
  });

  test("contains the compiled code, the pages that it names, and nothing else", () => {
    expect(files.filter((path) => !ALLOWED.test(path))).toEqual([]);
    expect(files).toEqual(
      expect.arrayContaining([
        "package.json",
        "README.md",
        "CHANGELOG.md",
        "LICENSE",
        "dist/index.js",
        "dist/index.d.ts",
      ]),
    );
  });

  test("holds every file that its README links to", () => {
    const readme = readFileSync(join(unpacked(), "README.md"), "utf8");
    const links = [...readme.matchAll(/\]\((?!https:)([^)#]+)\)/g)].map(([, link = ""]) => link);
    expect(links.length).toBeGreaterThan(5);
    expect(links.filter((link) => !existsSync(join(unpacked(), link)))).toEqual([]);
  });

  test("has a manifest that publint accepts", async () => {
    const { messages, pkg } = await publint({ pkgDir: unpacked(), pack: false, strict: true });
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([]);
  });

  test("has types that fit each entry, however it is resolved", () => {
    const attw = installed("@arethetypeswrong/cli/dist/index.js");
    const args = [attw, tarball, "--no-definitely-typed", "--format", "json"];
    // It fails if it finds a problem.
    const { analysis } = JSON.parse(runProgram(process.execPath, args)) as {
      analysis: { entrypoints: Record<string, { resolutions: Record<string, object> }> };
    };
    const manifest = JSON.parse(readFileSync(join(unpacked(), "package.json"), "utf8")) as {
      exports: object;
    };
    expect(Object.keys(analysis.entrypoints)).toEqual(Object.keys(manifest.exports));
    for (const { resolutions } of Object.values(analysis.entrypoints))
      expect(Object.keys(resolutions)).toEqual(["node10", "node16-cjs", "node16-esm", "bundler"]);
  });

  const assertCompiles = (program: string, name: string): void => {
    const compilerOptions = {
      target: "es2023",
      lib: ["es2023", "esnext.disposable"],
      module: "nodenext",
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      typeRoots: [installed("@types")],
      types: ["node"],
    };
    writeFileSync(join(scratch, "app", name), program);
    writeFileSync(
      join(scratch, "app/tsconfig.json"),
      JSON.stringify({ compilerOptions, files: [name] }),
    );
    expect(
      runProgram(process.execPath, [installed("typescript/bin/tsc"), "-p", ".", "--noEmit"], {
        cwd: join(scratch, "app"),
      }),
    ).toBe("");
  };

  test("compiles for a strict user who checks its declarations", () => {
    assertCompiles(PROGRAM, "main.ts");
  });

  test("names the package that the way through Kafka needs", () => {
    const program = `import { kafka } from "handback/statefun/kafka";
      const { ingress } = kafka({ brokers: ["127.0.0.1:9092"] });
      const argument = { typename: "docs/text", bytes: new Uint8Array() };
      const message = { key: "1", target: { type: "_sys/flow", id: "1" }, argument };
      await ingress.send([message]).catch((error) => console.log(error.code, error.message));`;
    writeFileSync(join(scratch, "app/kafka.mjs"), program);
    const printed = runProgram(process.execPath, ["kafka.mjs"], { cwd: join(scratch, "app") });
    expect(printed).toMatch(/^UNSUPPORTED .*npm install @platformatic\/kafka\n$/);
  });

  test("runs a function where it is installed, without the optional peers", () => {
    writeFileSync(join(scratch, "app/run.ts"), PROGRAM);
    expect(runProgram(process.execPath, ["run.ts"], { cwd: join(scratch, "app") })).toBe(
      "42 function function\n",
    );
  });

  test("brings patterns, whose compositions are typed", () => {
    assertCompiles(PATTERNS_PROGRAM, "patterns.ts");
    expect(runProgram(process.execPath, ["patterns.ts"], { cwd: join(scratch, "app") })).toBe(
      "84\n",
    );
  });

  test("serves flows over HTTP for users who have hono", () => {
    for (const name of ["hono", "@hono/node-server"]) linkPackage(join(scratch, "app"), name);
    assertCompiles(INSPECTOR_PROGRAM, "inspector.ts");
    expect(runProgram(process.execPath, ["inspector.ts"], { cwd: join(scratch, "app") })).toBe(
      "200 true\n",
    );
    assertCompiles(HTTP_PROGRAM, "http.ts");
    expect(runProgram(process.execPath, ["http.ts"], { cwd: join(scratch, "app") })).toBe(
      "200 42\n",
    );
  });

  test("brings a command line", () => {
    const { bin } = JSON.parse(readFileSync(join(unpacked(), "package.json"), "utf8")) as {
      readonly bin: { readonly handback: string };
    };
    const module = `import { fn } from "handback"; export default [fn("package/double", (_, n) => 2 * n)];`;
    writeFileSync(join(scratch, "app/functions.mjs"), module);
    const args = [join(unpacked(), bin.handback), "graph", "functions.mjs"];
    expect(runProgram(process.execPath, args, { cwd: join(scratch, "app") })).toContain(
      "%% package/double\nflowchart",
    );
  });

  test("writes to SQLite from a thread where it is installed", () => {
    writeFileSync(join(scratch, "app/sqlite.ts"), SQLITE_PROGRAM);
    expect(runProgram(process.execPath, ["sqlite.ts"], { cwd: join(scratch, "app") })).toBe(
      "998 1\n",
    );
  });

  test("brings a testing kit for users who have fast-check", () => {
    linkPackage(join(scratch, "app"), "fast-check");
    assertCompiles(TESTING_PROGRAM, "simulation.ts");
    expect(runProgram(process.execPath, ["simulation.ts"], { cwd: join(scratch, "app") })).toBe(
      "42 true function\n",
    );
  });

  test("brings the parts of an engine and the suite that tests it", () => {
    assertCompiles(ENGINE_PROGRAM, "engine.ts");
    expect(runProgram(process.execPath, ["engine.ts"], { cwd: join(scratch, "app") })).toBe(
      "true true function function\n",
    );
  });
});

describe("the page of a first project", () => {
  const page = readFileSync(join(ROOT, "docs/first-project.md"), "utf8");
  const block = (language: string): string =>
    new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``).exec(page)?.[1] ?? "";
  let scratch = "";
  let folder = "";

  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), "handback-first-"));
    folder = join(scratch, "hello");
    installPackage(folder, packPackage(scratch).tarball);
    linkPackage(folder, "@types/node");
    writeFileSync(join(folder, "tsconfig.json"), block("json"));
    writeFileSync(join(folder, "hello.ts"), block("ts no-run"));
  });
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  test("gives settings and a program that TypeScript accepts", () => {
    expect(
      runProgram(process.execPath, [installed("typescript/bin/tsc"), "-p", "."], { cwd: folder }),
    ).toBe("");
  });

  test("gives a program whose result survives kill -9", async () => {
    const child = spawn(process.execPath, ["hello.ts"], {
      cwd: folder,
      stdio: ["ignore", "pipe", "ignore"],
    });
    const [first] = (await once(child.stdout, "data")) as [Buffer];
    expect(first.toString()).toBe("started\n");
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(runProgram(process.execPath, ["hello.ts"], { cwd: folder })).toBe(
      "started\nHello, Ada!\n",
    );
  });
});
