import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { sqlite } from "../../../src/stores/sqlite/sqlite.ts";
import { batchOf, message } from "../support/batches.ts";
import { byThread } from "../support/by-thread.ts";
import { NODE_OPTIONS } from "../support/node-options.ts";
import { onEventLoop } from "../support/on-event-loop.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const newPath = (): string => join(temporaryDirectory(), "s.db");

/** Locks the file as a database shell does, until the returned function is called. */
function lock(path: string): () => void {
  const shell = new DatabaseSync(path);
  shell.exec("BEGIN IMMEDIATE");
  let isLocked = true;
  const unlock = (): void => {
    if (isLocked) shell.close();
    isLocked = false;
  };
  onTestFinished(unlock);
  return unlock;
}

const listening = (warnings: string[]) => ({
  warn: (message: string) => void warnings.push(message),
  failed: () => undefined,
});

describe.each([
  ["on the event loop", onEventLoop],
  ["in its thread", byThread],
])("a commit %s to a file that another program has locked", (_, forced) => {
  test("is STORE_BUSY, has not happened, and can be made later", async () => {
    const path = newPath();
    const store = forced(sqlite(path));
    await store.open();
    await store.commit(batchOf({ inserted: [message(1)] }));
    const unlock = lock(path);
    for (let attempt = 0; attempt < 3; attempt++) {
      await expect(store.commit(batchOf({ inserted: [message(2)] }))).rejects.toMatchObject({
        code: "STORE_BUSY",
        details: { path },
      });
    }
    expect(store.readMessages(0, 10)).toEqual([message(1)]);
    unlock();
    await store.commit(batchOf({ inserted: [message(2)] }));
    expect(store.readMessages(0, 10)).toEqual([message(1), message(2)]);
    await store.close(true);
    expect(await store.open()).toMatchObject({ clean: true });
    await store.close();
  });
});

test("opening waits for the lock, and says so once", async () => {
  const path = newPath();
  const store = sqlite(path);
  await store.open();
  await store.close();
  const unlock = lock(path);
  const reasons: string[] = [];
  const opening = store.open(listening(reasons));
  await sleep(300);
  unlock();
  expect(await opening).toMatchObject({ generation: 2 });
  expect(reasons).toEqual([expect.stringContaining("STORE_BUSY")]);
  await store.close();
});

test("a renaming of states waits for the lock", async () => {
  const path = newPath();
  const store = sqlite(path);
  await store.open();
  const unlock = lock(path);
  const renaming = store.renameStates("a/a", "a/b");
  await sleep(200);
  unlock();
  await expect(renaming).resolves.toBeUndefined();
  await store.close();
});

test("a clean close waits for the lock", async () => {
  const path = newPath();
  const store = sqlite(path);
  await store.open();
  const unlock = lock(path);
  const closing = store.close(true);
  await sleep(200);
  unlock();
  await closing;
  expect(await store.open()).toMatchObject({ clean: true });
  await store.close();
});

test("an opening with lockTimeout waits until the other engine has closed", async () => {
  const path = newPath();
  const first = sqlite(path);
  await first.open();
  const reasons: string[] = [];
  const opening = sqlite(path, { lockTimeout: "1m" });
  const opened = opening.open(listening(reasons));
  await sleep(150);
  await first.close(true);
  expect(await opened).toMatchObject({ generation: 2, clean: true });
  expect(reasons).toEqual([expect.stringContaining("STORE_LOCKED")]);
  const hasty = sqlite(path, { lockTimeout: 100 });
  await expect(hasty.open()).rejects.toMatchObject({ code: "STORE_LOCKED" });
  await expect(hasty.open()).rejects.toThrow("lockTimeout");
  await opening.close();
});

test.runIf(process.platform === "linux")("the error names the process", async () => {
  const path = newPath();
  const store = onEventLoop(sqlite(path));
  await store.open();
  const program = `
    const { DatabaseSync } = require("node:sqlite");
    new DatabaseSync(${JSON.stringify(path)}).exec("BEGIN IMMEDIATE");
    console.log("locked");
    setInterval(() => undefined, 1_000);`;
  const child = spawn(process.execPath, [...NODE_OPTIONS, "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout, "data");
  await expect(store.commit(batchOf({ inserted: [message(1)] }))).rejects.toMatchObject({
    code: "STORE_BUSY",
    message: expect.stringContaining(`(process ${child.pid})`) as string,
    details: { pid: child.pid },
  });
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
  await store.commit(batchOf({ inserted: [message(1)] }));
  await store.close();
});
