import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { embedded, sqlite } from "handback";
import type { Embedded } from "handback";
import { expect, onTestFinished, test, vi } from "vitest";
import { NODE_OPTIONS } from "../../stores/support/node-options.ts";
import { temporaryDirectory } from "../../stores/support/temporary-directory.ts";
import { SeededRandom } from "../../../src/testing/simulation/faults/seeded-random.ts";
import { effectsOf, finishFlow, functions, keyOf, ledger, startFlow } from "./kill-flows.ts";

// KILLS sets how often the process is killed, KILL_SEED repeats the moments of a run before; a failure prints both.
const kills = Number(process.env["KILLS"] ?? 8);
const seed = Number(process.env["KILL_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

vi.setConfig({ testTimeout: 60_000 + 5_000 * kills });

/** What was heard from the processes that were killed. */
interface Heard {
  readonly tried: Set<number>;
  readonly started: Set<number>;
  readonly done: Map<number, unknown>;
}

/** Runs a process on the store until it has said so many lines, then kills it; `whileOpen` happens in between. */
async function runAndKill(
  path: string,
  heard: Heard,
  { lines, whileOpen }: { lines: number; whileOpen?: () => Promise<void> },
) {
  const program = new URL("kill-child.ts", import.meta.url).pathname;
  const first = heard.tried.size === 0 ? 0 : Math.max(...heard.tried) + 1;
  const child = spawn(process.execPath, [...NODE_OPTIONS, program, path, `${first}`], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const exit = once(child, "exit");
  let complaints = "";
  child.stderr.on("data", (text) => (complaints += String(text)));
  let left = lines;
  for await (const line of createInterface(child.stdout)) {
    const [what, number, ...rest] = line.split(" ");
    if (what === "open") await whileOpen?.();
    if (what === "try") heard.tried.add(Number(number));
    if (what === "started") heard.started.add(Number(number));
    if (what === "done") heard.done.set(Number(number), JSON.parse(rest.join(" ")));
    // What it still says before it dies is heard too: it was acknowledged.
    if (left-- === 0) child.kill("SIGKILL");
  }
  expect({ signal: (await exit)[1] as unknown, complaints }).toEqual({
    signal: "SIGKILL",
    complaints: "",
  });
}

test(`killed again and again, a store keeps all that was acknowledged, each effect once (KILL_SEED=${seed} KILLS=${kills})`, async () => {
  const random = new SeededRandom(seed);
  const path = join(temporaryDirectory(), "s.db");
  const heard: Heard = { tried: new Set(), started: new Set(), done: new Map() };
  const isLocked = () =>
    expect(embedded({ functions, store: sqlite(path) })).rejects.toMatchObject({
      code: "STORE_LOCKED",
    });
  for (let kill = 0; kill < kills; kill++) {
    // Each opens the store at once after the one before it was killed.
    await runAndKill(path, heard, {
      lines: 1 + random.below(300),
      ...(kill === 0 && { whileOpen: isLocked }),
    });
  }
  expect(heard.started.size).toBeGreaterThan(0);

  const store = sqlite(path);
  const engine = await embedded({ functions, store });
  onTestFinished(() => engine.close());
  for (const number of heard.started) {
    const result = await finishFlow(engine.client, engine.client.flow(keyOf(number)));
    if (heard.done.has(number))
      expect({ number, result }).toEqual({ number, result: heard.done.get(number) });
  }
  await assertEffects(engine, heard.started, heard.tried);
  // A client that is not sure asks again, and then knows.
  for (const number of heard.tried)
    await finishFlow(engine.client, await startFlow(engine.client, number));
  await assertEffects(engine, heard.tried, heard.tried);
  expect(store.count()).toMatchObject({ messages: 0, delayed: 0, watches: 0, dead: 0 });
});

/** Every effect of the `certain` flows is there once, and none but those of the `possible` ones, not one of them twice. */
async function assertEffects(
  { client }: Embedded,
  certain: Iterable<number>,
  possible: Iterable<number>,
): Promise<void> {
  const shelves = await Promise.all(
    Array.from({ length: 7 }, (_, n) =>
      client.readState(ledger, `shelf ${n}`).catch(() => ({ effects: {} })),
    ),
  );
  const found = new Map(shelves.flatMap(({ effects }) => Object.entries<number>(effects)));
  const allowed = new Set([...possible].flatMap(effectsOf));
  expect([...certain].flatMap(effectsOf).filter((effect) => !found.has(effect))).toEqual([]);
  expect([...found].filter(([effect, times]) => times !== 1 || !allowed.has(effect))).toEqual([]);
}
