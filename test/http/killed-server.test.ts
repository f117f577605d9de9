import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { NODE_OPTIONS } from "../stores/support/node-options.ts";
import { temporaryDirectory } from "../stores/support/temporary-directory.ts";

const PROGRAM = fileURLToPath(new URL("serve-child.ts", import.meta.url));

/** Starts a server, and returns its first line of output. */
async function serve(path: string, work: "hangs" | "ends") {
  const args = [...NODE_OPTIONS, PROGRAM, path, work === "ends" ? "yes" : "no"];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await exited;
  };
  onTestFinished(kill);
  const [said] = (await once(createInterface(child.stdout), "line")) as [string];
  return { said, kill, exited };
}

/** Starts a flow of a function, always with the same key. */
const start = (url: string, name: string, query = ""): Promise<Response> =>
  fetch(`${url}/functions/child/${name}${query}`, {
    method: "POST",
    body: '"it"',
    headers: { "content-type": "application/json", "idempotency-key": name },
  });

/** Returns the values that are equal if two answers are about the same start of a flow. */
interface Started {
  readonly statusUrl: string;
  readonly startedAt: string;
}

/** Processes start slowly on a busy machine. */

test("a flow answered with 202 goes on after kill -9, and the same key finds it", async () => {
  const path = join(temporaryDirectory(), "wf.db");
  const first = await serve(path, "hangs");
  const before = [await start(first.said, "work"), await start(first.said, "ask")];
  expect(before.map(({ status }) => status)).toEqual([202, 202]);
  const flows = await Promise.all(before.map(async (answer) => (await answer.json()) as Started));
  await first.kill();

  const { said: url } = await serve(path, "ends");
  for (const [n, name] of ["work", "ask"].entries()) {
    const { statusUrl, startedAt } = flows[n] as Started;
    expect(await (await start(url, name)).json()).toMatchObject({ statusUrl, startedAt });
  }
  const [work, ask] = flows.map(({ statusUrl }) => url + statusUrl);
  expect(await (await fetch(`${work}?wait=60`)).json()).toMatchObject({
    status: "completed",
    output: "it is done",
  });
  await fetch(`${ask}/events/word`, {
    method: "POST",
    body: '"hello"',
    headers: { "content-type": "application/json" },
  });
  expect(await (await fetch(`${ask}?wait=60`)).json()).toMatchObject({
    status: "completed",
    output: "it: hello",
  });
});

test("a lost answer is repeated for the same key", async () => {
  const path = join(temporaryDirectory(), "wf.db");
  const first = await serve(path, "hangs");
  const { startedAt } = (await (await start(first.said, "work")).json()) as Started;
  const lost = start(first.said, "work", "?wait=60").catch(() => "lost");
  await first.kill();
  expect(await lost).toBe("lost");

  const { said: url } = await serve(path, "ends");
  const answer = await start(url, "work", "?wait=60");
  expect([answer.status, await answer.json()]).toMatchObject([
    200,
    { output: "it is done", startedAt },
  ]);
});

test("a second process cannot serve the same store, and the first one goes on", async () => {
  const path = join(temporaryDirectory(), "wf.db");
  const { said: url } = await serve(path, "ends");
  const second = await serve(path, "ends");
  expect(second.said).toBe("STORE_LOCKED");
  await second.exited;
  expect((await start(url, "work", "?wait=60")).status).toBe(200);
});
