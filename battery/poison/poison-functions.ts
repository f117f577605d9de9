import { setTimeout } from "node:timers/promises";
import { fn, stateful, value } from "../../src/index.ts";
import type { Future } from "../../src/index.ts";
import { say } from "../app/ledger-writer.ts";
import { MENDED } from "./poisoning.ts";
import type { Dose } from "./poisoning.ts";

const EXIT_CODE = 7;
const UNHEARD_MS = 5;
/** A handler that is about to die does not get to its end before. */
const LONG_MS = 60_000;

/** The one state in which all is counted that was eaten. */
export const STOMACH = "all";

const ENDS: Readonly<Record<Dose["way"], () => unknown>> = {
  "is killed": () => process.kill(process.pid, "SIGKILL"),
  exits: () => process.exit(EXIT_CODE),
  "fails where nobody listens": () =>
    globalThis.setTimeout(() => {
      throw new Error("nobody listens");
    }, UNHEARD_MS),
};

/** Counts what was eaten, by name. */
export const stomach = stateful("battery/stomach", {
  state: { eaten: value<Record<string, number>>({}) },
  handlers: {
    take(ctx, name: string): string {
      ctx.state.eaten[name] = (ctx.state.eaten[name] ?? 0) + 1;
      return name;
    },
  },
});

/** Poison, unless the environment says that it is mended. */
export const eat = fn("battery/eat", async (ctx, { name, way }: Dose): Promise<Future<string>> => {
  if (process.env[MENDED] === undefined) {
    say({ what: "swallow", name });
    ENDS[way]();
    await setTimeout(LONG_MS);
  }
  return ctx.invoke(stomach.take, name, { id: STOMACH });
});

/** Passes poison on, and waits for nothing. */
export const feed = fn("battery/feed", (ctx, dose: Dose): string => {
  ctx.send(eat, dose);
  return "fed";
});

/** Innocent, and slow. */
export const toil = fn(
  "battery/toil",
  async (ctx, { name, ms }: { name: string; ms: number }): Promise<Future<string>> => {
    await setTimeout(ms);
    return ctx.invoke(stomach.take, name, { id: STOMACH });
  },
);

/** Answers at once. */
export const probe = fn("battery/probe", (_, number: number): number => number);

/** All that is to be registered. */
export const poisonFunctions: readonly object[] = [stomach, eat, feed, toil, probe];
