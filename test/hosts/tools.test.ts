import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  installed,
  installPackage,
  linkPackage,
  packPackage,
  runProgram,
} from "../support/packed-package.ts";
import { ROOT } from "../support/source.ts";

/** Other programs take their time on a busy machine. */

/** Writes so much to a store that the writer thread starts, and prints the result and what failed to start. */
const APP = `
import { embedded, fn, sqlite } from "handback";

async function main() {
  let threads = 0;
  process.on("worker", (worker) => {
    threads++;
    worker.on("error", (error) => console.log(error.code));
  });
  const double = fn("tools/double", (_ctx, n: number) => 2 * n);
  const engine = await embedded({ functions: [double], store: sqlite("./app.db") });
  const numbers = Array.from({ length: 500 }, (_, n) => engine.client.call(double, n));
  const doubled = await Promise.all(numbers);
  await engine.close();
  console.log(doubled[499], threads > 0 ? "with threads" : "without threads");
}
void main();
`;

let scratch = "";
let app = "";
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), "handback-tools-"));
  app = join(scratch, "app");
  installPackage(app, packPackage(scratch).tarball);
  writeFileSync(join(app, "app.ts"), APP);
});
beforeEach(() => {
  for (const ending of ["", "-lock", "-pid", "-wal", "-shm"])
    rmSync(join(app, `app.db${ending}`), { force: true });
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const node = (args: readonly string[], nodeOptions = ""): string =>
  runProgram(process.execPath, args, { cwd: app, nodeOptions });

test("tsx runs a program, with the writer thread", () => {
  expect(node([installed("tsx/dist/cli.mjs"), "app.ts"])).toBe("998 with threads\n");
});

describe("CommonJS", () => {
  const common = (): string => join(app, "common");
  beforeAll(() => {
    mkdirSync(common());
    writeFileSync(join(common(), "package.json"), JSON.stringify({ type: "commonjs" }));
    for (const name of ["hono", "@hono/node-server", "fast-check"]) linkPackage(app, name);
    for (const name of ["@nestjs/core", "@nestjs/common", "reflect-metadata"])
      linkPackage(app, name);
  });

  test("requires every entry", () => {
    const program = `
      const { embedded, fn } = require("handback");
      const { activate } = require("handback/engine");
      const { asyncHttp } = require("handback/http");
      const { chain } = require("handback/patterns");
      const { simulate } = require("handback/testing");
      const { version } = require("handback/package.json");
      const loaded = [embedded, fn, activate, asyncHttp, chain, simulate];
      console.log(loaded.every((each) => typeof each === "function"), typeof version);`;
    writeFileSync(join(common(), "entries.js"), program);
    expect(node(["common/entries.js"])).toBe("true string\n");
  });

  test("runs a program that tsx turns into CommonJS, with the writer thread", () => {
    writeFileSync(join(common(), "app.ts"), `${APP}\nconsole.log(typeof require);`);
    expect(node([installed("tsx/dist/cli.mjs"), "common/app.ts"])).toBe(
      "function\n998 with threads\n",
    );
  });

  test("runs a program that TypeScript compiled, with the writer thread", () => {
    writeFileSync(join(common(), "compiled.ts"), APP);
    const settings = [
      "--module",
      "commonjs",
      "--moduleResolution",
      "bundler",
      "--target",
      "es2023",
    ];
    const checks = ["--strict", "--types", "node", "--typeRoots", installed("@types")];
    node([installed("typescript-6/bin/tsc"), ...settings, ...checks, "common/compiled.ts"]);
    const compiled = readFileSync(join(common(), "compiled.js"), "utf8");
    expect(compiled).toContain('require("handback")');
    expect(node(["common/compiled.js"])).toBe("998 with threads\n");
  });

  test("serves flows from a Nest application, whose services get the client", () => {
    linkPackage(app, "@nestjs/platform-express");
    const program = `
      require("reflect-metadata");
      const { Module, Inject, Injectable } = require("@nestjs/common");
      const { NestFactory } = require("@nestjs/core");
      const { getRequestListener } = require("@hono/node-server");
      const { embedded, fn, sqlite } = require("handback");
      const { asyncHttp } = require("handback/http");
      const { Hono } = require("hono");

      const hello = fn("nest/hello", (_, name) => "hello " + name);
      class Greeter {
        constructor(engine) { this.engine = engine; }
        greet(name) { return this.engine.client.call(hello, name); }
        onApplicationShutdown() { return this.engine.close(); }
      }
      Inject("ENGINE")(Greeter, undefined, 0);
      Injectable()(Greeter);
      class AppModule {}
      const useFactory = () => embedded({ functions: [hello], store: sqlite("./app.db") });
      Module({ providers: [{ provide: "ENGINE", useFactory }, Greeter] })(AppModule);

      void (async () => {
        const nest = await NestFactory.create(AppModule, { logger: false });
        const flows = getRequestListener(asyncHttp(nest.get("ENGINE").client, { functions: [hello] }).fetch);
        nest.use((request, response, next) => request.url.startsWith("/functions/") ? flows(request, response) : next());
        await nest.listen(0, "127.0.0.1");
        const url = (await nest.getUrl()) + "/functions/nest/hello?wait=10";
        const headers = { "content-type": "application/json" };
        const answer = await fetch(url, { method: "POST", body: '"Ada"', headers });
        console.log((await answer.json()).output, await nest.get(Greeter).greet("Bob"));
        await nest.close();
      })();`;
    writeFileSync(join(common(), "nest.js"), program);
    expect(node(["common/nest.js"])).toBe("hello Ada hello Bob\n");
  });
});

describe("esbuild", () => {
  const commands = esbuildCommands(readFileSync(join(ROOT, "docs/hosts.md"), "utf8"));

  /** Runs a command of the page in a shell, then the program that it built. */
  function build(command = "", type = "module"): string {
    const esbuild = installed(".bin/esbuild");
    rmSync(join(app, "out"), { recursive: true, force: true });
    mkdirSync(join(app, "out"));
    writeFileSync(join(app, "out/package.json"), JSON.stringify({ type }));
    runProgram("sh", ["-c", command.replace("npx esbuild", `${esbuild} --log-level=error`)], {
      cwd: app,
    });
    return node(["out/app.js"]);
  }

  test("has three commands on the page", () => {
    expect(commands).toHaveLength(3);
  });

  test("leaves the package out of a bundle, so the thread is found", () => {
    expect(build(commands[0])).toBe("998 with threads\n");
  });

  test("leaves the package out of a CommonJS bundle", () => {
    expect(build(commands[0]?.replace("--format=esm", "--format=cjs"), "commonjs")).toBe(
      "998 with threads\n",
    );
  });

  test("bundles the thread beside the program", () => {
    expect(build(commands[1])).toBe("998 with threads\n");
  });

  test("bundles for CommonJS, with the thread", () => {
    expect(build(commands[2], "commonjs")).toBe("998 with threads\n");
  });

  test("makes a single file that works without the thread", () => {
    const command = commands[1]?.replace("handback/writer-thread", "");
    expect(build(command)).toBe("MODULE_NOT_FOUND\n998 with threads\n");
  });

  test("makes a single CommonJS file that starts no thread", () => {
    const command = "npx esbuild app.ts --bundle --platform=node --format=cjs --outdir=out";
    expect(build(command, "commonjs")).toBe("998 without threads\n");
  });
});

describe("Vitest", () => {
  beforeAll(() => linkPackage(app, "vitest"));

  // In the pools with `vm`, the errors of Node's own modules belong to another realm.
  test.each(["forks", "threads", "vmForks", "vmThreads"])("runs tests in %s", (pool) => {
    writeFileSync(join(app, "double.test.ts"), testFile('import { expect, test } from "vitest";'));
    const config = { test: { include: ["double.test.ts"], pool } };
    writeFileSync(join(app, "vitest.config.ts"), `export default ${JSON.stringify(config)};\n`);
    node([installed("vitest/vitest.mjs"), "run", "--reporter=json", "--outputFile=report.json"]);
    expect(JSON.parse(readFileSync(join(app, "report.json"), "utf8"))).toMatchObject({
      numPassedTests: 2,
      numFailedTests: 0,
    });
  });
});

describe("Jest", () => {
  beforeAll(() => linkPackage(app, "@jest/globals"));

  /** Runs one test file. A name that ends with `.cjs` is for Jest's default mode. */
  const run = (name: string, file: string): unknown => {
    writeFileSync(join(app, name), file);
    const config = {
      transform: {},
      testMatch: [`**/${name}`],
      testEnvironment: "node",
      moduleFileExtensions: ["js", "cjs", "json"],
    };
    writeFileSync(join(app, "jest.config.json"), JSON.stringify(config));
    const args = ["--config", "jest.config.json", "--json", "--silent"];
    const nodeOptions = name.endsWith(".cjs") ? "" : "--experimental-vm-modules";
    return JSON.parse(node([installed("jest/bin/jest.js"), ...args], nodeOptions));
  };

  test("runs tests of functions, with a store on disk", () => {
    const file = testFile('import { expect, test } from "@jest/globals";');
    expect(run("double.test.js", file)).toMatchObject({ numPassedTests: 2, numFailedTests: 0 });
  });

  test("runs them in its default mode", () => {
    const file = testFile("").replaceAll(
      /^import (.*) from "handback"/gm,
      'const $1 = require("handback")',
    );
    expect(run("double.test.cjs", file)).toMatchObject({ numPassedTests: 2, numFailedTests: 0 });
  });

  test("may reset its modules while an engine is open", () => {
    const file = `
      const { embedded, fn, HandbackError, memory } = require("handback");
      const first = fn("jest/first", (_ctx, n) => n + 1);
      const load = () => { jest.resetModules(); return require("handback"); };
      test("fresh copies", async () => {
        const engines = [];
        for (let copy = 0; copy < 12; copy++) {
          const again = load();
          expect(again.embedded).not.toBe(embedded);
          const second = again.fn("jest/second", (ctx, n) => ctx.invoke(first, ctx.invoke(first, n)));
          const engine = await again.embedded({ functions: [first, second], store: memory() });
          engines.push(engine);
          expect(await engine.client.call(second, 1)).toBe(3);
          await expect(engine.client.readState({}, "x")).rejects.toBeInstanceOf(HandbackError);
        }
        expect(process.listenerCount("unhandledRejection")).toBeLessThan(2);
        for (const engine of engines) await engine.close();
        expect(process.listenerCount("unhandledRejection")).toBe(0);
      }, 60_000);`;
    expect(run("reset.test.cjs", file)).toMatchObject({ numPassedTests: 1, numFailedTests: 0 });
  });
});

/** A file of two tests, for a runner whose functions `imports` imports. */
function testFile(imports: string): string {
  return `${imports}
import { embedded, fn, memory, sqlite } from "handback";

const double = fn("tools/double", (_ctx, { n, at }) => ({ n: 2 * n, at }));
test("in memory", async () => {
  const engine = await embedded({ functions: [double], store: memory() });
  const input = { n: 21, at: new Date(0) };
  expect(await engine.client.call(double, input)).toEqual({ n: 42, at: new Date(0) });
  await engine.close();
});
// On disk.
test("on disk", async () => {
  const engine = await embedded({ functions: [double], store: sqlite("./app.db") });
  expect(await engine.client.call(double, { n: 21 })).toMatchObject({ n: 42 });
  const second = embedded({ functions: [double], store: sqlite("./app.db") });
  await expect(second).rejects.toMatchObject({ code: "STORE_LOCKED" });
  await engine.close();
});
`;
}

/** Returns the esbuild commands of a page. */
function esbuildCommands(page: string): readonly string[] {
  return [...page.matchAll(/^```sh\n(npx esbuild [^]*?)^```/gm)].map(([, command = ""]) => command);
}
