import { AsyncLocalStorage } from "node:async_hooks";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { embedded, fn, memory } from "../../src/index.ts";
import { NODE_OPTIONS } from "../stores/support/node-options.ts";
import { ROOT } from "../support/source.ts";

/**
 * Runs a program on an engine with a log that prints, in its own process, because only another
 * process can see its end. `later(n)` waits for n turns of the event loop.
 */
function run(
  program: string,
  options: readonly string[] = [],
): { readonly status: number | null; readonly said: readonly string[]; readonly stderr: string } {
  const source = `
    import { embedded, fn, memory } from ${JSON.stringify(join(ROOT, "src/index.ts"))};
    const print = (level) => (message) => console.log(level, message);
    const log = { debug: print("debug"), info: print("info"), warn: print("warn"), error: print("error") };
    const later = async (turns) => { for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve)); };
    ${program}
  `;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [...NODE_OPTIONS, ...options, "--input-type=module", "-e", source],
    {
      encoding: "utf8",
      timeout: 30_000,
    },
  );
  return { status, said: stdout.split("\n").slice(0, -1), stderr };
}

const CARELESS = `
  const careless = fn("detached/careless", async (ctx, how) => {
    if (how === "at once") void Promise.reject(new Error("at once"));
    if (how === "later") void later(3).then(() => { throw new TypeError("later"); });
    if (how === "undefined") void Promise.reject(undefined);
    if (how === "unreadable") void Promise.reject({ get message() { throw 0; } });
    if (how === "context") void later(3).then(() => ctx.sleep(1));
    return how;
  });
  const engine = await embedded({ functions: [careless], store: memory(), log });
`;

test("a rejected promise that a handler did not await is logged with its address, and the process continues", () => {
  const { status, said, stderr } = run(`
    ${CARELESS}
    for (const how of ["at once", "later", "undefined", "unreadable", "context"]) {
      console.log(await engine.client.call(careless, how, { id: how }));
      await later(10);
    }
    await engine.close();
    console.log("closed", process.listenerCount("unhandledRejection"));
  `);
  expect([stderr, status]).toEqual(["", 0]);
  const rejected =
    "error a promise that a handler of detached/careless[*] did not wait for was rejected: ";
  const lines = said.map((line) => line.replace(/\[[0-9a-f]{40}\]/, "[*]"));
  expect(
    lines.filter((line) => line.startsWith("error")).map((line) => line.replace(rejected, "")),
  ).toEqual(["Error", "TypeError", "an error", "an error", "HandbackError, code CONTEXT_CLOSED"]);
  expect(lines.filter((line) => !line.startsWith("error"))).toEqual([
    "at once",
    "later",
    "undefined",
    "unreadable",
    "context",
    "closed 0",
  ]);
});

test("a rejected promise of other code ends the process, as Node does by default", () => {
  const foreign = run(`
    ${CARELESS}
    await engine.client.call(careless, "at once");
    void Promise.reject(new Error("foreign"));
    await later(10);
    console.log("not reached");
  `);
  expect(foreign.status).toBe(1);
  expect(foreign.stderr).toContain("foreign");
  expect(foreign.said.join()).not.toContain("not reached");
});

test("a rejected promise of other code is left to the program's own listener and to Node's modes", () => {
  const heard = run(`
    ${CARELESS}
    process.on("unhandledRejection", (reason) => console.log("heard", reason.message));
    void Promise.reject(new Error("foreign"));
    await later(10);
    await engine.close();
  `);
  expect([heard.status, heard.said]).toEqual([0, ["heard foreign"]]);
  const warned = run(
    `
    ${CARELESS}
    void Promise.reject(new Error("foreign"));
    await later(10);
    await engine.client.call(careless, "at once", { id: "a" });
    await later(10);
    await engine.close();
  `,
    ["--unhandled-rejections=none"],
  );
  expect([warned.status, warned.said.length]).toEqual([0, 1]);
  expect(warned.said[0]).toContain("did not wait for was rejected: Error");
});

test("a handler runs in the async context in which its engine was opened, and does not change its caller's", async () => {
  const where = new AsyncLocalStorage<string>();
  const seen: (string | undefined)[] = [];
  const look = fn("detached/look", async () => {
    seen.push(where.getStore());
    await Promise.resolve();
    seen.push(where.getStore());
  });
  const engine = await where.run("opening", () => embedded({ functions: [look], store: memory() }));
  await where.run("caller", async () => {
    await engine.client.call(look);
    seen.push(where.getStore());
  });
  await engine.client.call(look);
  seen.push(where.getStore());
  await engine.close();
  expect(seen).toEqual(["opening", "opening", "caller", "opening", "opening", undefined]);
});
