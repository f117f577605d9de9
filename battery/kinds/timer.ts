import { fn } from "../../src/index.ts";
import type { Future } from "../../src/index.ts";
import { recordEffect } from "../client/ledger-writer.ts";
import { diceOf } from "../plan/operation.ts";
import type { Operation } from "../plan/operation.ts";
import { operationLog, pageOf } from "./operation-log.ts";
import type { Kind } from "./kind.ts";

/** The effect of a timer that rings; its value is the instant at which it was due. */
export const RING = "ring";
const RANG = "rang";
/** Short ones, ones that outlast a process, and a few that outlast several. */
const DELAYS_MS = [20, 20, 60, 250, 900, 1_500, 3_000];

const nap = fn("battery/nap", (ctx, { op, delayMs }: Timer): Future<string> => {
  // Before the engine reads the clock for itself.
  const dueAt = ctx.now() + delayMs;
  return ctx.onComplete(ctx.sleep(delayMs), woken, { op, dueAt });
});
const woken = fn("battery/woken", (ctx, { args }: { result: void; args: Due }): Future<string> =>
  ctx.invoke(ring, args),
);

const remind = fn("battery/remind", (ctx, { op, delayMs }: Timer): string => {
  ctx.send(ring, { op, dueAt: ctx.now() + delayMs }, { delay: delayMs });
  return "set";
});

const ring = fn("battery/ring", (ctx, { op, dueAt }: Due): Future<string> => {
  recordEffect(ctx, { op, part: RING, value: dueAt });
  return ctx.invoke(operationLog.note, { op, part: RANG }, { id: pageOf(op) });
});

interface Timer {
  readonly op: number;
  readonly delayMs: number;
}

interface Due {
  readonly op: number;
  readonly dueAt: number;
}

/** Timers, as `ctx.sleep` and as delayed messages: each rings once, and none before its time. */
export const timers: Kind = {
  name: "timer",
  functions: [nap, woken, remind, ring],
  async perform(operation, recorder) {
    const { sleeps, ...timer } = timerOf(operation);
    const handle = await recorder.begin(operation, () =>
      recorder.client.start(sleeps ? nap : remind, timer, { id: operation.key }),
    );
    if (handle !== undefined) await recorder.finish(operation, handle);
  },
  booked: () => ({ certain: [RANG] }),
  *check(flows) {
    for (const { operation, attempts, effects, clock } of flows) {
      const { delayMs } = timerOf(operation);
      const askedAt = Math.min(...attempts.map(({ at }) => at));
      for (const { at, value: dueAt } of effects.filter(({ part }) => part === RING)) {
        // By any clock that was there to be read: one that was set back may show less by now than when the timer was delivered.
        const { earliest, latest } = clock.between(askedAt, at);
        // Whatever the engine thinks: it was asked for then, and so long.
        const early = Math.max(Number(dueAt), earliest + delayMs) - latest;
        if (early > 0)
          yield {
            what: "early",
            operation: operation.key,
            said: `rang ${early} ms before its time`,
          };
      }
    }
  },
};

/** How long an operation waits, and how. */
export function timerOf(operation: Operation): Timer & { readonly sleeps: boolean } {
  const dice = diceOf(operation);
  return {
    op: operation.number,
    delayMs: DELAYS_MS[dice.below(DELAYS_MS.length)] ?? 0,
    sleeps: dice.chance(0.5),
  };
}
