import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { expect, onTestFinished, test } from "vitest";
import { sqlite } from "../../src/stores/sqlite/sqlite.ts";
import { NODE_OPTIONS } from "./support/node-options.ts";
import { temporaryDirectory } from "./support/temporary-directory.ts";

const MODULE = new URL("../../src/stores/sqlite/sqlite.ts", import.meta.url).href;
const BATCHES = new URL("./support/batches.ts", import.meta.url).href;

/**
 * A program that opens the store, commits one message, prints the outcome, and holds the store
 * until its input ends.
 */
const HOLDER = `
  const { sqlite } = await import(${JSON.stringify(MODULE)});
  const { batchOf, message } = await import(${JSON.stringify(BATCHES)});
  process.stdin.resume();
  const store = sqlite(process.argv[1]);
  try {
    await store.open();
    await store.commit(batchOf({ inserted: [message(process.pid)] }));
    console.log("open");
  } catch (error) {
    console.log(error.code);
  }
`;

interface Holder {
  readonly process: ChildProcess;
  /** `open`, or an error code. */
  readonly outcome: Promise<string>;
}

function startHolder(path: string): Holder {
  const child = spawn(
    process.execPath,
    [...NODE_OPTIONS, "--input-type=module", "-e", HOLDER, path],
    {
      stdio: ["pipe", "pipe", "inherit"],
    },
  );
  onTestFinished(() => void child.kill("SIGKILL"));
  const answer = once(child.stdout, "data").then(([data]) => String(data).trim());
  return {
    process: child,
    outcome: Promise.race([answer, once(child, "exit").then(() => "exit")]),
  };
}

async function kill({ process: child }: Holder): Promise<void> {
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
}

test("opening a store that another process has open is STORE_LOCKED with its pid; after a kill the store opens at once, intact", async () => {
  const path = join(temporaryDirectory(), "s.db");
  const holder = startHolder(path);
  expect(await holder.outcome).toBe("open");
  const store = sqlite(path);
  await expect(store.open()).rejects.toMatchObject({
    code: "STORE_LOCKED",
    details: { path, pid: holder.process.pid },
  });
  await kill(holder);
  expect((await store.open()).generation).toBe(2);
  expect(store.readMessages(0, 10)).toMatchObject([{ seq: holder.process.pid }]);
  await store.close();
});

test("of many processes that open a new store at once, exactly one succeeds, also after each kill", async () => {
  const path = join(temporaryDirectory(), "new", "s.db");
  for (let round = 1; round <= 3; round++) {
    const holders = Array.from({ length: 4 }, () => startHolder(path));
    const outcomes = await Promise.all(holders.map(({ outcome }) => outcome));
    expect(outcomes.filter((outcome) => outcome !== "STORE_LOCKED")).toEqual(["open"]);
    await Promise.all(holders.map(kill));
  }
  const store = sqlite(path);
  expect((await store.open()).generation).toBe(4);
  await store.close();
});

test("a failed second opening in the same process keeps the lock against other processes", async () => {
  const path = join(temporaryDirectory(), "s.db");
  const store = sqlite(path);
  await store.open();
  await expect(sqlite(path).open()).rejects.toMatchObject({
    code: "STORE_LOCKED",
    details: { path, pid: process.pid },
  });
  expect(await startHolder(path).outcome).toBe("STORE_LOCKED");
  await store.close();
  expect(await startHolder(path).outcome).toBe("open");
});

test("a lock excludes other threads, and ends with its thread", async () => {
  const path = join(temporaryDirectory(), "s.db");
  const code = `
    import(${JSON.stringify(MODULE)}).then(async ({ sqlite }) => {
      const { parentPort, workerData } = require("node:worker_threads");
      parentPort.on("message", () => {});
      globalThis.store = sqlite(workerData);
      await store.open().then(() => parentPort.postMessage("open"), (error) => parentPort.postMessage(error.code));
    });
  `;
  const start = async () => {
    const worker = new Worker(code, { eval: true, workerData: path, execArgv: NODE_OPTIONS });
    const outcome = await once(worker, "message").then(([answer]) => String(answer));
    return { worker, outcome };
  };
  const first = await start();
  expect(first.outcome).toBe("open");
  await expect(sqlite(path).open()).rejects.toMatchObject({
    code: "STORE_LOCKED",
    details: { pid: process.pid },
  });
  await first.worker.terminate();
  const store = sqlite(path);
  await store.open();
  const second = await start();
  expect(second.outcome).toBe("STORE_LOCKED");
  await second.worker.terminate();
  await store.close();
});

test("symbolic links to a store or its directory share its lock", async () => {
  const directory = temporaryDirectory();
  mkdirSync(join(directory, "real"));
  symlinkSync(join(directory, "real"), join(directory, "linked"));
  symlinkSync(join(directory, "real", "s.db"), join(directory, "file-link"));
  const path = join(directory, "real", "s.db");
  const store = sqlite(join(directory, "linked", "s.db"));
  await store.open();
  for (const other of [path, join(directory, "file-link")]) {
    await expect(sqlite(other).open()).rejects.toMatchObject({
      code: "STORE_LOCKED",
      details: { path },
    });
  }
  await store.close();
});

test("a store releases its lock even if its pid file cannot be removed", async () => {
  const path = join(temporaryDirectory(), "s.db");
  const store = sqlite(path);
  await store.open();
  rmSync(`${path}-pid`);
  mkdirSync(`${path}-pid`);
  await store.close();
  const other = sqlite(path);
  await other.open();
  await expect(store.open()).rejects.toMatchObject({
    code: "STORE_LOCKED",
    details: { path, pid: undefined },
  });
  await other.close();
});
