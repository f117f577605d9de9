/**
 * A process that one of its messages crashes: `node poison-child.ts <store> <how>`. The first
 * process on a store starts work with the poison in its middle. Each one prints the outcome, if it
 * survives, and closes. A repaired one redrives the dead letter first.
 */
import { writeSync } from "node:fs";
import { embedded, fn, HandbackError, sqlite, stateful, value } from "../../../src/index.ts";
import type { Clock } from "../../../src/index.ts";

const INNOCENTS = 60;
const [path = "", how = ""] = process.argv.slice(2);

const WAYS: Readonly<Record<string, () => unknown>> = {
  "is killed": () => process.kill(process.pid, "SIGKILL"),
  exits: () => process.exit(3),
  "throws an uncaught error": () =>
    setTimeout(() => {
      throw new Error("nobody listens");
    }, 5),
  mended: () => undefined,
};

const counter = stateful("poison/counter", {
  state: { n: value(0) },
  handlers: { add: (ctx, by: number) => (ctx.state.n += by) },
});
const poison = fn("poison/eat", async (ctx, dose: number) => {
  WAYS[how]?.();
  if (how !== "mended") await new Promise((resolve) => setTimeout(resolve, 1_000));
  return ctx.invoke(counter.add, dose, { id: "poison" });
});
const innocent = fn("poison/innocent", async (ctx, id: string) => {
  await new Promise((resolve) => setTimeout(resolve, 5));
  return ctx.invoke(counter.add, 1, { id });
});

/** A clock whose timers run twenty times as fast. */
const clock: Clock = {
  now: () => Date.now(),
  monotonicNs: () => Math.round(performance.now() * 1e6),
  setTimer(delayMs, callback) {
    const timer = setTimeout(callback, delayMs / 20);
    return () => clearTimeout(timer);
  },
};

// Written synchronously, unlike console.log, because the process may crash before that prints.
const say = (what: object): void => void writeSync(1, `${JSON.stringify(what)}\n`);

const engine = await embedded({
  functions: [counter, poison, innocent],
  store: sqlite(path),
  clock,
});
const { client } = engine;
const ids = Array.from({ length: INNOCENTS }, (_, n) => `i${n}`);
const [first, second] = [ids.slice(0, INNOCENTS / 2), ids.slice(INNOCENTS / 2)];
const starts = [
  ...first.map((id) => () => client.start(innocent, id, { id })),
  () => client.start(poison, 7, { id: "poison" }),
  ...second.map((id) => () => client.start(innocent, id, { id })),
];
// Later processes attach to the flows that the first one started, because the keys are the same.
const flows = await Promise.all(starts.map((start) => start()));
const letters = engine.deadLetters.bind(engine);
const before = letters();
if (how === "mended") for (const { id } of before) await engine.redrive(id);
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));
/** Waits until the poison is given up. Its flow is told nothing. */
const held = async (): Promise<string> => {
  while (!letters().some(({ isHeld }) => isHeld)) await pause();
  return "held";
};
const outcomes = flows.map((flow) => {
  const result = flow.result().catch((error: unknown) => HandbackError.is(error) && error.code);
  const isPoison = flow.id === "poison" && how !== "mended";
  return Promise.race(isPoison ? [result, held()] : [result]);
});
const results = (await Promise.all(outcomes)).map((outcome, n) => [flows[n]?.id, outcome] as const);
const shown = (how === "mended" ? before : letters()).map(({ id, input, failure }) => ({
  id,
  input,
  code: failure.code,
  crashes: failure.details?.["crashes"],
}));
say({ results: Object.fromEntries(results), letters: shown, left: letters().length });
await engine.close();
