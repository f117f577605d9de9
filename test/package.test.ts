import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ROOT } from "./support/source.ts";

const bin = (path: string): string => join(ROOT, "node_modules", path);

/** The only files that the package may contain. */
const ALLOWED =
  /^(package\.json|LICENSE|(README|ARCHITECTURE|CHANGELOG|CONTRIBUTING|SECURITY)\.md|(docs|examples)\/[\w/-]+\.(md|ts)|dist\/[\w/-]+\.(js|js\.map|d\.ts))$/;

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
  let files: string[] = [];
  let tarball = "";
  const installed = (): string => join(scratch, "app/node_modules/handback");

  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), "handback-package-"));
    const stage = join(scratch, "stage");
    mkdirSync(join(stage), { recursive: true });
    const { files: listed } = manifest();
    for (const name of ["package.json", ...listed]) {
      if (name !== "dist") cpSync(join(ROOT, name), join(stage, name), { recursive: true });
    }
    run(process.execPath, [
      bin("typescript/bin/tsc"),
      "-p",
      "tsconfig.build.json",
      "--outDir",
      join(stage, "dist"),
    ]);
    const packed = run(
      "npm",
      ["pack", "--json", "--ignore-scripts", "--pack-destination", scratch],
      stage,
    );
    const [report] = JSON.parse(packed) as [{ filename: string; files: { path: string }[] }];
    files = report.files.map((file) => file.path);
    tarball = join(scratch, report.filename);
    install();
  });
  afterAll(() => {
    rmSync(scratch, { recursive: true, force: true });
  });

  /** Unpacks the tarball like a registry client, and links the installed dependencies. */
  function install(): void {
    mkdirSync(installed(), { recursive: true });
    run("tar", ["-xzf", tarball, "--strip-components=1", "-C", installed()]);
    const { dependencies } = manifest();
    for (const name of Object.keys(dependencies))
      symlinkSync(bin(name), join(scratch, "app/node_modules", name));
    writeFileSync(
      join(scratch, "app/package.json"),
      JSON.stringify({ type: "module", private: true }),
    );
  }

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
    const readme = readFileSync(join(installed(), "README.md"), "utf8");
    const links = [...readme.matchAll(/\]\((?!https:)([^)#]+)\)/g)].map(([, link = ""]) => link);
    expect(links.length).toBeGreaterThan(5);
    expect(links.filter((link) => !existsSync(join(installed(), link)))).toEqual([]);
  });

  test("has a manifest that publint accepts", async () => {
    const { messages, pkg } = await publint({ pkgDir: installed(), pack: false, strict: true });
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([]);
  });

  test("has types that ESM importers resolve", () => {
    const args = [
      bin("@arethetypeswrong/cli/dist/index.js"),
      tarball,
      "--profile",
      "esm-only",
      "--no-definitely-typed",
      "--format",
      "ascii",
    ];
    expect(run(process.execPath, [...args, "--no-color", "--no-emoji"])).toContain(
      "node16 (from ESM): OK (ESM)",
    );
  });

  const assertCompiles = (program: string, name: string): void => {
    const compilerOptions = {
      target: "es2023",
      lib: ["es2023", "esnext.disposable"],
      module: "nodenext",
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      typeRoots: [bin("@types")],
      types: ["node"],
    };
    writeFileSync(join(scratch, "app", name), program);
    writeFileSync(
      join(scratch, "app/tsconfig.json"),
      JSON.stringify({ compilerOptions, files: [name] }),
    );
    expect(
      run(
        process.execPath,
        [bin("typescript/bin/tsc"), "-p", ".", "--noEmit"],
        join(scratch, "app"),
      ),
    ).toBe("");
  };

  test("compiles for a strict user who checks its declarations", () => {
    assertCompiles(PROGRAM, "main.ts");
  });

  test("runs a function where it is installed, without the optional peers", () => {
    writeFileSync(join(scratch, "app/run.ts"), PROGRAM);
    expect(run(process.execPath, ["run.ts"], join(scratch, "app"))).toBe("42 function function\n");
  });

  test("brings patterns, whose compositions are typed", () => {
    assertCompiles(PATTERNS_PROGRAM, "patterns.ts");
    expect(run(process.execPath, ["patterns.ts"], join(scratch, "app"))).toBe("84\n");
  });

  test("serves flows over HTTP for users who have hono", () => {
    mkdirSync(join(scratch, "app/node_modules/@hono"));
    for (const name of ["hono", "@hono/node-server"])
      symlinkSync(bin(name), join(scratch, "app/node_modules", name));
    assertCompiles(HTTP_PROGRAM, "http.ts");
    expect(run(process.execPath, ["http.ts"], join(scratch, "app"))).toBe("200 42\n");
  });

  test("writes to SQLite from a thread where it is installed", () => {
    writeFileSync(join(scratch, "app/sqlite.ts"), SQLITE_PROGRAM);
    expect(run(process.execPath, ["sqlite.ts"], join(scratch, "app"))).toBe("998 1\n");
  });

  test("brings a testing kit for users who have fast-check", () => {
    symlinkSync(bin("fast-check"), join(scratch, "app/node_modules/fast-check"));
    assertCompiles(TESTING_PROGRAM, "simulation.ts");
    expect(run(process.execPath, ["simulation.ts"], join(scratch, "app"))).toBe(
      "42 true function\n",
    );
  });

  test("brings the parts of an engine and the suite that tests it", () => {
    assertCompiles(ENGINE_PROGRAM, "engine.ts");
    expect(run(process.execPath, ["engine.ts"], join(scratch, "app"))).toBe(
      "true true function function\n",
    );
  });
});

describe("the page of a first project", () => {
  const page = readFileSync(join(ROOT, "docs/first-project.md"), "utf8");
  const block = (language: string): string =>
    new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``).exec(page)?.[1] ?? "";
  let folder = "";

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "handback-first-"));
    const dist = join(folder, "node_modules/handback/dist");
    mkdirSync(join(folder, "node_modules/handback"), { recursive: true });
    run(process.execPath, [
      bin("typescript/bin/tsc"),
      "-p",
      "tsconfig.build.json",
      "--outDir",
      dist,
    ]);
    cpSync(join(ROOT, "package.json"), join(folder, "node_modules/handback/package.json"));
    for (const name of Object.keys(manifest().dependencies))
      symlinkSync(bin(name), join(folder, "node_modules", name));
    symlinkSync(bin("@types"), join(folder, "node_modules/@types"));
    writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
    writeFileSync(join(folder, "tsconfig.json"), block("json"));
    writeFileSync(join(folder, "hello.ts"), block("ts no-run"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("gives settings and a program that TypeScript accepts", () => {
    expect(run(process.execPath, [bin("typescript/bin/tsc"), "-p", "."], folder)).toBe("");
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
    expect(run(process.execPath, ["hello.ts"], folder)).toBe("started\nHello, Ada!\n");
  });
});

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly files: readonly string[];
}

function manifest(): Manifest {
  return JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as Manifest;
}

/** Runs a program to its end, and returns its output. */
function run(program: string, args: readonly string[], cwd = ROOT): string {
  const env = {
    ...process.env,
    NODE_OPTIONS: "",
    FORCE_COLOR: undefined,
    npm_config_loglevel: "error",
  };
  const result = spawnSync(program, args, { cwd, env, encoding: "utf8" });
  if (result.status !== 0)
    throw new Error(
      `${program} ${args.join(" ")} ended with ${result.status}\n${result.stdout}${result.stderr}`,
    );
  return result.stdout;
}
