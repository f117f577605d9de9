import fc from "fast-check";
import { fn, stateful, value } from "handback";
import type { Future } from "handback";
import type { Scenario } from "./every-commit.ts";

/** A step of a handler's program; numbers name earlier futures, modulo their number. */
export type Step =
  | {
      readonly do: "call";
      readonly inputs: readonly number[];
      readonly after: readonly number[];
      readonly fails: boolean;
    }
  | { readonly do: "sleep"; readonly ms: number }
  | { readonly do: "all" | "allSettled" | "wait"; readonly of: readonly number[] }
  | { readonly do: "continue" | "settle"; readonly from: number }
  | { readonly do: "send"; readonly inputs: readonly number[] }
  | { readonly do: "handle"; readonly of: number }
  | { readonly do: "get"; readonly from: number };

const references = fc.array(fc.nat(20), { maxLength: 3 });

export const program: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant("call"),
        inputs: references,
        after: references,
        fails: fc.boolean(),
      } as const),
    },
    fc.record({ do: fc.constant("sleep"), ms: fc.integer({ min: 0, max: 40 }) } as const),
    fc.record({ do: fc.constantFrom("all", "allSettled", "wait"), of: references } as const),
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constantFrom("continue", "settle"),
        from: fc.nat(20),
      } as const),
    },
    fc.record({ do: fc.constant("send"), inputs: references } as const),
    fc.record({ do: fc.constant("handle"), of: fc.nat(20) } as const),
    { weight: 3, arbitrary: fc.record({ do: fc.constant("get"), from: fc.nat(20) } as const) },
  ),
  { minLength: 1, maxLength: 12 },
);

/**
 * A handler that performs the steps in turn. Each call, send and continuation books under the
 * step's number.
 */
export function programScenario(steps: readonly Step[]): Scenario<unknown> {
  const ledger = stateful("test/ledger", {
    state: { requests: value<Record<string, number>>({}) },
    handlers: {
      book(ctx, { step, fails }: { step: number; fails: boolean; inputs?: unknown }) {
        ctx.state.requests[step] = (ctx.state.requests[step] ?? 0) + 1;
        // All fail in the same way, because the first rejection to reach a join may differ from run
        // to run.
        if (fails) throw new Error("failed");
        return step;
      },
      continued(ctx, { args }: { result: unknown; args: number }) {
        ctx.state.requests[args] = (ctx.state.requests[args] ?? 0) + 1;
        return args;
      },
    },
  });
  const run = fn("test/program", async (ctx): Promise<unknown> => {
    const futures: Future<unknown>[] = [ctx.resolved("given")];
    const pick = (at: number): Future<unknown> =>
      futures[at % futures.length] ?? ctx.resolved(undefined);
    for (const [number, step] of steps.entries()) {
      switch (step.do) {
        case "call": {
          const inputs = step.inputs.map(pick);
          futures.push(
            ctx.invoke(
              ledger.book,
              { step: number, fails: step.fails, inputs },
              { id: `${number % 3}`, after: step.after.map(pick) },
            ),
          );
          break;
        }
        case "sleep":
          futures.push(ctx.sleep(step.ms));
          break;
        case "all":
          futures.push(ctx.all(step.of.map(pick)));
          break;
        case "allSettled":
          futures.push(ctx.allSettled(step.of.map(pick)));
          break;
        case "wait":
          futures.push(ctx.wait(step.of.map(pick)));
          break;
        case "continue":
          futures.push(ctx.onComplete(pick(step.from), ledger.continued, number));
          break;
        case "settle":
          futures.push(ctx.onSettled(pick(step.from), ledger.continued, number));
          break;
        case "send":
          ctx.send(
            ledger.book,
            { step: number, fails: false, inputs: step.inputs.map(pick) },
            { id: `${number % 3}` },
          );
          break;
        case "handle":
          pick(step.of).handle();
          break;
        case "get":
          await ctx.get(pick(step.from)).catch(() => undefined);
      }
    }
    return ctx.allSettled(futures);
  });
  return {
    world: { functions: [ledger, run] },
    script: async (client) => withoutStacks(await client.call(run, undefined, { id: "program-1" })),
    observe: async ({ engine }) =>
      Promise.all(
        ["0", "1", "2"].map((id) =>
          engine.client.readState(ledger, id).catch((error: { code: string }) => error.code),
        ),
      ),
    ownRows: undefined,
  };
}

function withoutStacks(result: unknown): unknown {
  return JSON.parse(
    JSON.stringify(result, (key, each: unknown) =>
      key === "stack" || key === "function" ? undefined : each,
    ),
  );
}
