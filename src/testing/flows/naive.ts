import { fn } from "../../futures/define/fn.ts";
import type { Context } from "../../futures/types/context.ts";
import type { Future, Settlement } from "../../futures/types/future.ts";
import { flowLeaves } from "./leaves.ts";
import type { BuiltFlow, FlowStep, FlowWorld } from "./leaves.ts";
import { flowOutcomeOf, showSettlement } from "./outcome.ts";
import type { FlowProgram, FlowValue } from "./program.ts";
import { showWaited } from "./split.ts";

/**
 * Builds programs in the naive way: a step made of other steps is one handler that blocks on them,
 * and is billed while it waits. Needs an engine that can block.
 */
export function naiveFlow(world: FlowWorld): BuiltFlow {
  const leaves = flowLeaves(world);
  const call = (ctx: Context, program: FlowProgram, input: FlowValue): Future<FlowValue> =>
    program.kind === "leaf"
      ? ctx.invoke(leaves.leaf, { leaf: program, input })
      : ctx.invoke(run, { program, input });
  const block = async (
    ctx: Context,
    program: FlowProgram,
    input: FlowValue,
  ): Promise<FlowValue> => {
    const one = (part: FlowProgram): Promise<FlowValue> => ctx.get(call(ctx, part, input));
    const futures = (parts: readonly FlowProgram[]): Future<FlowValue>[] =>
      parts.map((part) => call(ctx, part, input));
    switch (program.kind) {
      case "leaf":
        return one(program);
      case "note":
        await one(program.leaf);
        return ctx.get(
          ctx.invoke(
            leaves.note,
            { index: program.leaf.index, gives: input },
            { id: program.journal },
          ),
        );
      case "sleep":
        await ctx.get(ctx.sleep(program.ms));
        return input;
      case "sequence":
        return ctx.get(call(ctx, program.second, await one(program.first)));
      case "depends":
        return ctx.get(call(ctx, program.next, await Promise.all(program.parts.map(one))));
      case "parallel":
        return Promise.all(program.parts.map(one));
      case "value":
        return ctx.get(ctx.resolved(futures(program.parts)));
      case "allSettled":
        return Promise.all(program.parts.map((part) => settleStep(one(part))));
      case "race":
        return ctx.get(ctx.race(futures(program.parts)));
      case "any":
        return ctx.get(ctx.any(futures(program.parts)));
      case "wait": {
        const { parts, count, timeoutMs, rest } = program;
        const { ready, pending } = await ctx.get(
          ctx.wait(
            futures(parts),
            timeoutMs === undefined ? { count } : { count, timeout: timeoutMs },
          ),
        );
        const late: Settlement<FlowValue>[] = rest
          ? await ctx.get(ctx.allSettled(pending.map(({ handle }) => ctx.future(handle))))
          : [];
        return showWaited({ ready, pending: pending.map(({ index }) => index), late });
      }
      case "loop": {
        let last = input;
        for (let time = 0; time < program.times; time++)
          last = await ctx.get(call(ctx, program.body, last));
        return last;
      }
      case "timeout":
        return ctx.get(ctx.timeout(call(ctx, program.part, input), program.ms));
      case "settled":
        return settleStep(one(program.part));
      case "recover":
        // A cancelled handler can no longer block, so recovery has to be a continuation.
        return ctx.get(ctx.onSettled(call(ctx, program.part, input), recover, program.otherwise));
      case "nested":
        return one(program.part);
      case "handle":
        return ctx.get(ctx.future(call(ctx, program.part, input).handle()));
      case "twice": {
        const once = call(ctx, program.part, input);
        return Promise.all([ctx.get(once), ctx.get(once)]);
      }
    }
  };
  const run = fn("flows/block", (ctx, { program, input }: FlowStep) => block(ctx, program, input));
  const recover = fn(
    "flows/recover",
    async (
      ctx,
      { result, args }: { result: Settlement<FlowValue>; args: FlowProgram },
    ): Promise<FlowValue> =>
      result.status === "fulfilled"
        ? result.value
        : ctx.get(call(ctx, args, showSettlement(result))),
  );
  return { run, read: leaves.read, functions: [...leaves.functions, run, recover] };
}

async function settleStep(result: Promise<FlowValue>): Promise<FlowValue> {
  const outcome = await flowOutcomeOf(result);
  return "value" in outcome ? ["fulfilled", outcome.value] : ["rejected", outcome.failure];
}
