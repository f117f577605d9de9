import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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

/** Starting processes takes its time on a busy machine. */

/** Uses an engine and a simulation. `moment(name)` is where time may be faked. */
const USE = `
async function use({ library, testing, store, moment }) {
  const { embedded, fn, memory, sqlite, stateful, value } = library;
  const before = new Date();
  await moment("before the engine opens");
  const counter = stateful("fake/counter", {
    state: { at: value(null) },
    handlers: {
      set: (ctx, at) => void (ctx.state.at = at),
      later: (ctx, at) => ctx.send(counter.set, at, { id: ctx.self.id, delay: 5 }),
      get: (ctx) => ctx.state.at,
    },
  });
  const add = fn("fake/add", { retry: { maxAttempts: 3, initialDelay: 1 } }, (ctx, n) => {
    if (ctx.attempt === 1) throw new Error("once");
    return n + 1;
  });
  const wait = fn("fake/wait", (ctx, n) => ctx.onComplete(ctx.sleep(10), after, n));
  const after = fn("fake/after", (ctx, { args }) => ctx.timeout(ctx.invoke(add, args), "10s"));
  const block = fn("fake/block", async (ctx, n) => (await ctx.get(ctx.invoke(wait, n))) * 10);
  const late = fn("fake/late", (ctx) => ctx.timeout(ctx.event("never"), 5));
  const now = fn("fake/now", (ctx) => ctx.now());
  const functions = [counter, add, wait, after, block, late, now];
  const engine = await embedded({ functions, store: store === "memory" ? memory() : sqlite(store) });
  await moment("after the engine opened");
  const { client } = engine;
  const said = [];
  try {
  said.push(await Promise.all([1, 2, 3].map((n) => client.call(block, n))));
  said.push(await client.call(late).catch((error) => error.code));
  const dates = [before, new Date(), new Date(86_400_000)];
  await client.call(counter.later, dates, { id: "c" });
  for (let kept = null; kept === null; ) kept = await client.call(counter.get, undefined, { id: "c" });
  const [kept] = [await client.call(counter.get, undefined, { id: "c" })];
  said.push(kept.map((date, at) => date.getTime() === dates[at].getTime()));
  said.push(Math.abs((await client.call(now)) - STARTED) < 120_000);
  if (store !== "memory") {
    const many = Array.from({ length: 500 }, (_, n) => client.call(counter.set, n, { id: "m" + n }));
    said.push((await Promise.all(many)).length);
  }
  } finally {
    await engine.close();
  }
  const { simulate } = testing;
  const run = await simulate({ functions, seed: 1, faults: { crash: 0.2 } }, (t) => t.client.call(wait, 1));
  said.push(run.result);
  return said;
}
`;

const USED = [[20, 30, 40], "TIMEOUT", [true, true, true], true];

const TOOLS = {
  "@sinonjs/fake-timers": `require("@sinonjs/fake-timers").install({ now: 0 })`,
  "node:test": `require("node:test").mock.timers.enable({ now: 0 })`,
} as const;

let scratch = "";
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), "handback-fakes-"));
  installPackage(scratch, packPackage(join(scratch, "packed")).tarball);
  for (const name of ["fast-check", "vitest", "@jest/globals", "@sinonjs/fake-timers"])
    linkPackage(scratch, name);
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Writes a program and runs it. Returns the value that it prints. */
function run(name: string, program: string): unknown {
  writeFileSync(join(scratch, name), program);
  const args = ["--disable-warning=ExperimentalWarning", name];
  return JSON.parse(runProgram(process.execPath, args, { cwd: scratch }));
}

/** A program that fakes time at one moment. `load` loads an entry. */
const program = (tool: string, when: string, load: string, store: string): string => `
  const STARTED = Date.now();
  const moment = (name) => { if (name === ${JSON.stringify(when)}) ${tool}; };
  ${USE}
  async function main() {
    moment("before the library loads");
    const [library, testing] = [await ${load}("handback"), await ${load}("handback/testing")];
    return use({ library, testing, store: ${JSON.stringify(store)}, moment });
  }
  main().catch((error) => error.code ?? error.stack).then((said) => {
    console.log(JSON.stringify(said));
    process.exit();
  });
`;
const REQUIRE = `
  import { createRequire } from "node:module";
  const require = createRequire(import.meta.url);
`;

describe.each(Object.entries(TOOLS))("with the fake timers of %s", (_, tool) => {
  describe.each(["before the engine opens", "after the engine opened"])("installed %s", (when) => {
    test("an imported library works in real time", () => {
      const esm = (store: string): unknown =>
        run("esm.mjs", REQUIRE + program(tool, when, "import", store));
      expect(esm("memory")).toEqual([...USED, 2]);
      expect(esm(join(mkdtempSync(join(scratch, "store-")), "app.db"))).toEqual([...USED, 500, 2]);
    });

    test("a required library works in real time", () => {
      expect(run("common.cjs", program(tool, when, "require", "memory"))).toEqual([...USED, 2]);
    });
  });

  test("a Date that was made under them is a Date after them", () => {
    const program = `
      const { embedded, fn, memory } = require("handback");
      const fake = ${tool};
      const at = new Date(1e12);
      (fake ?? require("node:test").mock.timers)[fake === undefined ? "reset" : "uninstall"]();
      const echo = fn("fake/echo", (_, { at }) => [at, at.getTime()]);
      embedded({ functions: [echo], store: memory() }).then(async (engine) => {
        const [date, ms] = await engine.client.call(echo, { at });
        console.log(JSON.stringify([date.constructor === Date, ms, date.getTime()]));
        await engine.close();
      });`;
    expect(run("dates.cjs", program)).toEqual([true, 1e12, 1e12]);
  });

  test("a library that is loaded later says at once why it does not work", () => {
    const when = "before the library loads";
    expect(run("esm.mjs", REQUIRE + program(tool, when, "import", "memory"))).toBe("UNSUPPORTED");
    expect(run("common.cjs", program(tool, when, "require", "memory"))).toBe("UNSUPPORTED");
  });
});

/** A test file that uses an engine under fake timers, which `fake` installs before it opens. */
const testFile = (imports: string, fake: string): string => `
  ${imports}
  const STARTED = Date.now();
  ${USE}
  test("an engine works", async () => {
    const moment = (name) => { if (name === "before the engine opens") { ${fake} } };
    const said = await use({ library, testing, store: "./runner.db", moment });
    expect(said.filter((_, at) => at !== 3)).toEqual([[20, 30, 40], "TIMEOUT", [true, true, true], 500, 2]);
    expect(said[3]).toBe(STARTED > 1e12);
  });
`;

beforeEach(() => {
  for (const ending of ["", "-lock", "-pid", "-wal", "-shm"])
    rmSync(join(scratch, `runner.db${ending}`), { force: true });
});

describe("with the fake timers of Vitest", () => {
  const imports = `
    import { expect, test, vi } from "vitest";
    import * as library from "handback";
    import * as testing from "handback/testing";`;
  const all = `["setTimeout", "clearTimeout", "setInterval", "clearInterval", "setImmediate", "clearImmediate", "Date", "performance", "queueMicrotask"]`;

  test.each([
    ["the default ones, in the test", "vi.useFakeTimers({ now: 0 });", ""],
    ["all of them, in the test", `vi.useFakeTimers({ now: 0, toFake: ${all} });`, ""],
    ["the default ones, before the library loads", "", "vi.useFakeTimers({ now: 0 });"],
  ])("an engine works in real time: %s", (_, fake, setup) => {
    writeFileSync(join(scratch, "setup.mjs"), `import { vi } from "vitest";\n${setup}`);
    writeFileSync(join(scratch, "runner.test.mjs"), testFile(imports, fake));
    const config = { test: { include: ["runner.test.mjs"], setupFiles: ["./setup.mjs"] } };
    writeFileSync(join(scratch, "vitest.config.mjs"), `export default ${JSON.stringify(config)};`);
    const args = ["run", "--reporter=json", "--outputFile=report.json"];
    runProgram(process.execPath, [installed("vitest/vitest.mjs"), ...args], { cwd: scratch });
    expect(JSON.parse(readFileSync(join(scratch, "report.json"), "utf8"))).toMatchObject({
      numPassedTests: 1,
    });
  });
});

describe("with the fake timers of Jest", () => {
  const imports = `const [library, testing] = [require("handback"), require("handback/testing")];`;

  test.each([
    ["in the test", "jest.useFakeTimers({ now: 0 });", {}],
    ["before the library loads", "", { enableGlobally: true, now: 0 }],
  ])("an engine works in real time: %s", (_, fake, fakeTimers) => {
    writeFileSync(join(scratch, "runner.test.cjs"), testFile(imports, fake));
    const config = {
      fakeTimers,
      transform: {},
      testMatch: ["**/runner.test.cjs"],
      testEnvironment: "node",
      moduleFileExtensions: ["js", "cjs", "json"],
    };
    writeFileSync(join(scratch, "jest.config.json"), JSON.stringify(config));
    const args = ["--config", "jest.config.json", "--json", "--silent"];
    const report = runProgram(process.execPath, [installed("jest/bin/jest.js"), ...args], {
      cwd: scratch,
    });
    expect(JSON.parse(report)).toMatchObject({ numPassedTests: 1 });
  });
});
