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

// KILLS sets the number of kills, and KILL_SEED repeats the moments of an earlier run. A failure
// prints both.
const kills = Number(process.env["KILLS"] ?? 8);
const seed = Number(process.env["KILL_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

vi.setConfig({ testTimeout: 120_000 + 10_000 * kills });

/** The lines printed by the killed processes. */
interface Heard {
  readonly tried: Set<number>;
  readonly started: Set<number>;
  readonly done: Map<number, unknown>;
}

/**
 * Runs a process on the store until it has printed so many lines, then kills it. `whileOpen` runs
 * in between.
 */
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
    // Lines that it prints before it dies count too, because they were acknowledged.
    if (left-- === 0) child.kill("SIGKILL");
  }
  expect({ signal: (await exit)[1] as unknown, complaints }).toEqual({
    signal: "SIGKILL",
    complaints: "",
  });
}

test(`killed again and again, a store keeps all acknowledged work, each effect once (KILL_SEED=${seed} KILLS=${kills})`, async () => {
  const random = new SeededRandom(seed);
  const path = join(temporaryDirectory(), "s.db");
  const heard: Heard = { tried: new Set(), started: new Set(), done: new Map() };
  const isLocked = () =>
    expect(embedded({ functions, store: sqlite(path) })).rejects.toMatchObject({
      code: "STORE_LOCKED",
    });
  for (let kill = 0; kill < kills; kill++) {
    // Each process opens the store right after the previous one was killed.
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
  // A client that does not know the outcome retries, and then knows.
  for (const number of heard.tried)
    await finishFlow(engine.client, await startFlow(engine.client, number));
  await assertEffects(engine, heard.tried, heard.tried);
  expect(store.count()).toMatchObject({ messages: 0, delayed: 0, watches: 0, dead: 0 });
});

/**
 * Expects each effect of the `certain` flows once, and of all others only those of the `possible`
 * flows, none twice.
 */
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
