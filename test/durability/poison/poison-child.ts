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
const results = await Promise.all(
  flows.map((flow) =>
    flow.result().then(
      (outcome) => [flow.id, outcome] as const,
      (error: unknown) => [flow.id, HandbackError.is(error) ? error.code : String(error)] as const,
    ),
  ),
);
const letters = engine.deadLetters().map(({ id, input, failure }) => ({
  id,
  input,
  code: failure.code,
  crashes: failure.details?.["crashes"],
}));
let redriven: unknown;
if (how === "mended" && letters[0] !== undefined) {
  await engine.redrive(letters[0].id);
  while (redriven === undefined)
    redriven = await client
      .readState(counter, "poison")
      .catch(() => new Promise((resolve) => setTimeout(resolve, 5)));
}
say({ results: Object.fromEntries(results), letters, redriven, left: engine.deadLetters().length });
await engine.close();
