import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { installPackage, packPackage } from "../support/packed-package.ts";

/** Starting processes takes its time on a busy machine. */

/** Loads four copies of the package, and opens three engines with each. */
const WITH_HANDBACK = `
import { createRequire } from "node:module";
const require = createRequire(import.meta.url);
const required = require("handback");
for (const path of Object.keys(require.cache)) delete require.cache[path];
const copies = [await import("handback"), required, require("handback"), require("./other/node_modules/handback")];
const opening = copies.flatMap(({ embedded, fn, memory }) => [1, 2, 3].map(async () => {
  const one = fn("process/one", async () => { await null; return 1; });
  const engine = await embedded({ functions: [one], store: memory() });
  await engine.client.call(one);
  return engine;
}));
const engines = await Promise.all(opening);
export const close = () => Promise.all(engines.map((engine) => engine.close()));
`;
const WITHOUT = "export const close = async () => undefined;\n";

/** Programs that never touch the package. */
const PROGRAMS = {
  "a rejection": `
    void Promise.reject(new Error("stray"));
    await turns(3);
    console.log("reached");`,
  "rejections at once and later, of an error and of a text": `
    void Promise.reject(new Error("stray"));
    void Promise.reject("text");
    await turns(3);
    console.log("reached");
    void Promise.reject(new Error("later"));
    await turns(3);
    console.log("reached the end");`,
  "a rejection that is heard": `
    process.on("unhandledRejection", (reason, promise) => console.log("heard", reason.message, promise instanceof Promise));
    void Promise.reject(new Error("stray"));
    await turns(3);
    console.log("reached");`,
  "a second rejection after a listener that hears one": `
    process.once("unhandledRejection", (reason) => console.log("heard", reason.message));
    void Promise.reject(new Error("stray"));
    await turns(3);
    console.log("reached");
    void Promise.reject(new Error("second"));
    await turns(3);
    console.log("reached the end");`,
  "rejections caught as exceptions": `
    process.on("uncaughtException", (error, origin) => console.log("caught", error.message, origin));
    process.on("uncaughtExceptionMonitor", (error) => console.log("seen", error.message));
    for (const n of [1, 2, 3]) {
      void Promise.reject(new Error("stray " + n));
      await turns(2);
    }
    console.log("reached");`,
  "a rejection that is handled late": `
    process.on("unhandledRejection", (reason) => console.log("heard", reason.message));
    process.on("rejectionHandled", () => console.log("handled late"));
    const stray = Promise.reject(new Error("stray"));
    await turns(3);
    stray.catch(() => console.log("caught"));
    await turns(3);`,
} as const;

const SIGNALS_AND_CODES = {
  "an exception": `setImmediate(() => { throw new Error("thrown"); }); await turns(3); console.log("reached");`,
  "an exit code": `process.exitCode = 7; process.on("exit", (code) => console.log("exit", code));`,
  "process.exit": `process.on("exit", (code) => console.log("exit", code)); process.exit(3);`,
  SIGTERM: `process.kill(process.pid, "SIGTERM"); await new Promise((resolve) => setTimeout(resolve, 20_000));`,
  "SIGINT with a listener": `
    process.once("SIGINT", () => console.log("heard"));
    process.kill(process.pid, "SIGINT");
    await new Promise((resolve) => setTimeout(resolve, 200));`,
} as const;

const MODES = ["throw", "strict", "warn", "none", "warn-with-error-codes"] as const;

let scratch = "";
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), "handback-process-"));
  installPackage(scratch, packPackage(join(scratch, "packed")).tarball);
  cpSync(join(scratch, "node_modules"), join(scratch, "other/node_modules"), {
    recursive: true,
    verbatimSymlinks: true,
  });
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

interface End {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program after engines were opened, or after none were. */
async function run(program: string, engines: boolean, options: readonly string[]): Promise<End> {
  const folder = mkdtempSync(join(scratch, "run-"));
  const app = `
import { close } from "./start.mjs";
const turns = async (count) => { for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve)); };
${program}
await close();
`;
  writeFileSync(
    join(folder, "start.mjs"),
    engines ? WITH_HANDBACK.replaceAll("./other", "../other") : WITHOUT,
  );
  writeFileSync(join(folder, "app.mjs"), app);
  const args = ["--disable-warning=ExperimentalWarning", ...options, join(folder, "app.mjs")];
  const env = { ...process.env, NODE_OPTIONS: "" };
  const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  const [stdout, stderr, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "exit") as Promise<[number | null, string | null]>,
  ]);
  return { code, signal, stdout, stderr: withoutNumbers(stderr, folder) };
}

/** Removes the names of the process, of its folder and of its rejections, and frames of Node. */
function withoutNumbers(stderr: string, folder: string): string {
  return stderr
    .replaceAll(folder, "app")
    .replaceAll(/^ +at .*\(?node:internal.*\n/gm, "")
    .replaceAll(/\(node:\d+\)/g, "(node)")
    .replaceAll(/\(rejection id: \d+\)/g, "(id)");
}

describe.each(MODES)(
  "in a process with --unhandled-rejections=%s, open engines change nothing for",
  (mode) => {
    test.each(Object.entries(PROGRAMS))("%s", async (_, program) => {
      const options = [`--unhandled-rejections=${mode}`];
      const [without, withEngines] = await Promise.all([
        run(program, false, options),
        run(program, true, options),
      ]);
      expect(withEngines).toEqual(without);
    });
  },
);

describe("open engines change nothing for", () => {
  test.each(Object.entries(SIGNALS_AND_CODES))("%s", async (_, program) => {
    const [without, withEngines] = await Promise.all([
      run(program, false, []),
      run(program, true, []),
    ]);
    expect(withEngines).toEqual(without);
  });
});

test("twelve engines of four copies add one listener while they are open, and none afterwards", async () => {
  const counts = `Object.fromEntries(process.eventNames().map((name) => [name, process.listenerCount(name)]))`;
  const program = `
    const open = ${counts};
    await close();
    console.log(JSON.stringify({ open, closed: ${counts} }));`;
  const [without, withEngines] = await Promise.all([
    run(program, false, []),
    run(program, true, []),
  ]);
  const { closed: own } = JSON.parse(without.stdout) as Record<"open" | "closed", object>;
  expect(JSON.parse(withEngines.stdout)).toEqual({
    open: { ...own, unhandledRejection: 1 },
    closed: own,
  });
  expect(withEngines.stderr).toBe("");
});
