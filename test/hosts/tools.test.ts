import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import {
  installed,
  installPackage,
  linkPackage,
  packPackage,
  runProgram,
} from "../support/packed-package.ts";
import { ROOT } from "../support/source.ts";

/** Other programs take their time on a busy machine. */
vi.setConfig({ testTimeout: 60_000 });

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

test("a CommonJS module gets the package by import(), and not by require()", () => {
  const program = `
    try { require("handback"); } catch (error) { console.log(error.code); }
    void import("handback").then(({ fn }) => console.log(typeof fn));`;
  writeFileSync(join(app, "common.cjs"), program);
  expect(node(["common.cjs"])).toBe("ERR_PACKAGE_PATH_NOT_EXPORTED\nfunction\n");
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

  const run = (name: string, nodeOptions: string): unknown => {
    const config = { transform: {}, testMatch: [`**/${name}`], testEnvironment: "node" };
    writeFileSync(join(app, "jest.config.json"), JSON.stringify(config));
    const args = ["--config", "jest.config.json", "--json", "--silent"];
    return JSON.parse(node([installed("jest/bin/jest.js"), ...args], nodeOptions));
  };

  test("runs tests of functions, with a store on disk", () => {
    writeFileSync(
      join(app, "double.test.js"),
      testFile('import { expect, test } from "@jest/globals";'),
    );
    expect(run("double.test.js", "--experimental-vm-modules")).toMatchObject({
      numPassedTests: 2,
      numFailedTests: 0,
    });
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
