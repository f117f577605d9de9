import { fn } from "../../src/index.ts";
import type { Future } from "../../src/index.ts";
import { recordEffect } from "../client/ledger-writer.ts";
import { diceOf } from "../plan/operation.ts";
import type { Operation } from "../plan/operation.ts";
import { operationLog, pageOf } from "./operation-log.ts";
import type { Kind } from "./kind.ts";

/** The effect of a timer that fires. Its value is the due instant. */
export const RING = "ring";
const RANG = "rang";
/** Short delays, delays that outlast a process, and a few that outlast several. */
const DELAYS_MS = [20, 20, 60, 250, 900, 1_500, 3_000];

const nap = fn("battery/nap", (ctx, { op, delayMs }: Timer): Future<string> => {
  // Computed before the engine reads the clock.
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

/** Timers, as `ctx.sleep` and as delayed messages: each fires once, and none early. */
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
        // Compare with every clock that could be read: one that was set back may now show less than
        // at the delivery.
        const { earliest, latest } = clock.between(askedAt, at);
        // Independent of the engine: the delay counts from the request.
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

/** Returns the duration of an operation's wait, and its form. */
export function timerOf(operation: Operation): Timer & { readonly sleeps: boolean } {
  const dice = diceOf(operation);
  return {
    op: operation.number,
    delayMs: DELAYS_MS[dice.below(DELAYS_MS.length)] ?? 0,
    sleeps: dice.chance(0.5),
  };
}
