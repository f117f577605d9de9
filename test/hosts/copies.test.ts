import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { installPackage, linkPackage, packPackage, runProgram } from "../support/packed-package.ts";

/** Packing takes its time on a busy machine. */

/** Loads the copies of the package that a process can have. */
const COPIES = `
import { createRequire } from "node:module";

const PARTS = { engine: "/engine", http: "/http", patterns: "/patterns", testing: "/testing", root: "" };
const load = async (from) =>
  Object.assign({}, ...(await Promise.all(Object.values(PARTS).map((part) => from("handback" + part)))));
const require = createRequire(import.meta.url);
const requireAgain = async () => {
  for (const path of Object.keys(require.cache)) delete require.cache[path];
  return load(require);
};
const copies = {
  imported: await load((entry) => import(entry)),
  required: await load(require),
  "required again": await requireAgain(),
  "of another folder": await load(createRequire(new URL("other/app.js", import.meta.url))),
};
`;

/**
 * Checks of an engine of copy A with values that copy B made, by name. Each returns a list of what
 * it saw.
 */
const CHECKS = `
const text = { "~standard": { version: 1, vendor: "test", validate: (value) =>
  typeof value === "string" ? { value } : { issues: [{ message: "expected a text" }] } } };

/** Defines functions with a copy. */
const define = ({ fn, stateful, value }, where) => {
  const double = fn(where + "/double", (_, n) => 2 * n);
  const upper = fn(where + "/upper", { input: text }, (_, word) => word.toUpperCase());
  const counter = stateful(where + "/counter", {
    state: { count: value(0), last: value(null) },
    handlers: {
      add: (ctx, n) => (ctx.state.count += n),
      keep: (ctx, n) => void (ctx.state.last = ctx.invoke(double, n).handle()),
      kept: (ctx) => ctx.future(ctx.state.last),
    },
  });
  const main = fn(where + "/main", (ctx, n) => ({ doubled: ctx.invoke(double, ctx.invoke(double, n)) }));
  return { double, upper, counter, main, all: [double, upper, counter, main] };
};

const open = (A, functions, store) => A.embedded({ functions, store: store ?? A.memory() });

const checks = {
  functions: async (A, B) => {
    const [ofA, ofB] = [define(A, "a"), define(B, "b")];
    const both = A.fn("a/both", (ctx, n) => ctx.onComplete(ctx.invoke(ofB.main, n), next, n));
    const next = B.fn("b/next", (ctx, { result, args }) => ctx.all([ctx.invoke(ofA.double, result.doubled), ctx.resolved(args)]));
    const engine = await open(A, [...ofA.all, ...ofB.all, both, next], B.memory());
    const { client } = engine;
    const seen = [await client.call(both, 3), await client.call(ofB.upper, "x"), await client.call(ofB.counter.add, 2, { id: "c" }),
      (await client.readState(ofB.counter, "c")).count, B.isInvokable(ofA.double)];
    await engine.close();
    return seen;
  },
  handles: async (A, B) => {
    const { counter, double, all } = define(B, "b");
    const take = A.fn("a/take", (ctx, handle) => [handle instanceof B.FutureHandle, ctx.future(handle)]);
    const give = B.fn("b/give", (ctx, n) => ctx.invoke(take, ctx.invoke(double, n).handle()));
    const engine = await open(A, [...all, take, give]);
    await engine.client.call(counter.keep, 5, { id: "c" });
    const { last } = await engine.client.readState(counter, "c");
    const seen = [await engine.client.call(give, 4), await engine.client.call(counter.kept, undefined, { id: "c" }),
      last instanceof B.FutureHandle, await engine.client.call(take, new B.FutureHandle(last)), ({}) instanceof B.FutureHandle];
    await engine.close();
    return seen;
  },
  errors: async (A, B) => {
    const { upper, all } = define(B, "b");
    const busy = B.fn("b/busy", () => { throw new B.HandbackError("OVERLOADED", "busy", { details: { n: 1 } }); });
    const engine = await open(A, [...all, busy]);
    const caught = async (promise) => promise.then(() => "no error", (error) => error);
    const refused = await caught(engine.client.call(upper, 5));
    const failed = await caught(engine.client.call(busy));
    class Special extends B.HandbackError {}
    const seen = [refused.code, refused instanceof B.HandbackError, B.HandbackError.is(refused, "INVALID_INPUT"), failed.code, failed.details,
      refused instanceof Special, new Special("CLOSED", "x") instanceof Special, new Special("CLOSED", "x") instanceof A.HandbackError,
      new Error("x") instanceof A.HandbackError];
    await engine.close();
    return seen;
  },
  patterns: async (A, B) => {
    const { double, all } = define(A, "a");
    const steps = [A.parallel(double, double), ([x, y]) => x + y, B.retry("b/retry", double)];
    const line = B.chain("b/line", ...steps);
    const sum = A.fanOut("a/sum", { each: line, join: (numbers) => numbers.reduce((x, y) => x + y, 0) });
    const engine = await open(A, [...all, sum]);
    const seen = [await engine.client.call(sum, [1, 2]), A.toMermaid(sum) === B.toMermaid(sum), /b\\/line/.test(A.toMermaid(sum)), A.toMermaid(line).split("\\n").length > 5];
    await engine.close();
    return seen;
  },
  "test doubles": async (A, B) => {
    const { double, main } = define(B, "b");
    const doubles = [main, B.record(B.mock(double, (_, n) => 3 * n))];
    const run = await A.simulate({ functions: doubles, faults: { crash: 0.1 } }, (t) => t.client.call(main, 1));
    return [run.result, run.calls(double).map(({ input }) => input)];
  },
  http: async (A, B) => {
    const { double, all } = define(B, "b");
    const engine = await open(A, all);
    const app = B.asyncHttp(engine.client, { functions: [double] });
    const headers = { "content-type": "application/json" };
    const answer = await app.request("/functions/b/double?wait=10", { method: "POST", body: "21", headers });
    const wrong = await app.request("/flows/unknown");
    const seen = [answer.status, (await answer.json()).output, wrong.status];
    await engine.close();
    return seen;
  },
  "parts of an engine": async (A, B) => {
    const { double, all } = define(B, "b");
    const definitions = A.defineFunctions(all);
    return [definitions.has("b/double"), definitions.size > all.length];
  },
};
`;

const EXPECTED = {
  functions: [[24, 3], "X", 2, 2, true],
  handles: [[true, 8], 10, true, [true, 10], false],
  errors: ["INVALID_INPUT", true, true, "OVERLOADED", { n: 1 }, false, true, true, false],
  patterns: [24, true, true, true],
  "test doubles": [{ doubled: 9 }, [1, 3]],
  http: [200, 42, 404],
  "parts of an engine": [true, true],
};

let scratch = "";
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), "handback-copies-"));
  installPackage(scratch, packPackage(join(scratch, "packed")).tarball);
  for (const name of ["hono", "@hono/node-server", "fast-check"]) linkPackage(scratch, name);
  cpSync(join(scratch, "node_modules"), join(scratch, "other/node_modules"), {
    recursive: true,
    verbatimSymlinks: true,
  });
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

test("all copies of the package in a process know each other's values", () => {
  const program = `
    ${COPIES}
    ${CHECKS}
    const report = {};
    for (const [nameOfA, A] of Object.entries(copies)) {
      for (const [nameOfB, B] of Object.entries(copies)) {
        if (A === B) continue;
        for (const [name, check] of Object.entries(checks))
          report[nameOfA + ", " + nameOfB + ": " + name] = await check(A, B).catch((error) => error.stack);
      }
    }
    const distinct = new Set(Object.values(copies).map((copy) => copy.embedded)).size;
    console.log(JSON.stringify({ distinct, report }));
  `;
  writeFileSync(join(scratch, "copies.mjs"), program);
  const { distinct, report } = JSON.parse(
    runProgram(process.execPath, ["copies.mjs"], { cwd: scratch }),
  ) as { distinct: number; report: Record<string, unknown> };
  expect(distinct).toBe(4);
  const expected = Object.keys(report).map((pair) => [
    pair,
    EXPECTED[(pair.split(": ")[1] ?? "") as keyof typeof EXPECTED],
  ]);
  expect(expected).toHaveLength(12 * Object.keys(EXPECTED).length);
  expect(report).toEqual(Object.fromEntries(expected));
});
