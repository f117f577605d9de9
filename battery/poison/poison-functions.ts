import { setTimeout } from "node:timers/promises";
import { fn, stateful, value } from "../../src/index.ts";
import type { Future } from "../../src/index.ts";
import { writeEntry } from "../client/ledger-writer.ts";
import { MENDED } from "../ledger/poison-plan.ts";
import type { Poison } from "../ledger/poison-plan.ts";

const EXIT_CODE = 7;
const UNHEARD_MS = 5;
/** A handler that is about to crash must not end before. */
const LONG_MS = 60_000;

/** Id of the state that counts all runs. */
export const COUNTER_ID = "all";

const WAYS_TO_END: Readonly<Record<Poison["way"], () => unknown>> = {
  "is killed": () => process.kill(process.pid, "SIGKILL"),
  exits: () => process.exit(EXIT_CODE),
  "fails where nobody listens": () =>
    globalThis.setTimeout(() => {
      throw new Error("nobody listens");
    }, UNHEARD_MS),
};

/** Counts completed runs by name. */
export const runCounter = stateful("battery/stomach", {
  state: { counted: value<Record<string, number>>({}) },
  handlers: {
    take(ctx, name: string): string {
      ctx.state.counted[name] = (ctx.state.counted[name] ?? 0) + 1;
      return name;
    },
  },
});

/** Poison, unless the environment says that it is fixed. */
export const runPoison = fn(
  "battery/eat",
  async (ctx, { name, way }: Poison): Promise<Future<string>> => {
    if (process.env[MENDED] === undefined) {
      writeEntry({ what: "poison-run", name });
      WAYS_TO_END[way]();
      await setTimeout(LONG_MS);
    }
    return ctx.invoke(runCounter.take, name, { id: COUNTER_ID });
  },
);

/** Sends poison, and does not wait. */
export const sendPoison = fn("battery/feed", (ctx, poison: Poison): string => {
  ctx.send(runPoison, poison);
  return "sent on";
});

/** Innocent, and slow. */
export const runSlowly = fn(
  "battery/toil",
  async (ctx, { name, ms }: { name: string; ms: number }): Promise<Future<string>> => {
    await setTimeout(ms);
    return ctx.invoke(runCounter.take, name, { id: COUNTER_ID });
  },
);

/** Answers at once. */
export const probe = fn("battery/probe", (_, number: number): number => number);

/** All functions to register. */
export const poisonFunctions: readonly object[] = [
  runCounter,
  runPoison,
  sendPoison,
  runSlowly,
  probe,
];
