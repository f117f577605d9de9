import { fn } from "../../futures/define/fn.ts";
import type { Context } from "../../futures/types/context.ts";
import type { Future, Settlement } from "../../futures/types/future.ts";
import { flowLeaves, PATIENT } from "./leaves.ts";
import type { BuiltFlow, FlowLeaves, FlowStep, FlowWorld } from "./leaves.ts";
import { flowOutcomeOf, showSettlement } from "./outcome.ts";
import type { FlowLeaf, FlowProgram, FlowValue, FlowWait } from "./program.ts";
import { showWaited } from "./split.ts";

/**
 * Builds programs in the naive way: a step made of other steps is one handler that blocks on them,
 * and is billed while it waits. Needs an engine that can block.
 */
export function naiveFlow(world: FlowWorld): BuiltFlow {
  const leaves = flowLeaves(world);
  const { run, recover } = new NaiveBuild(leaves);
  return { run, read: leaves.read, functions: [...leaves.functions, run, recover] };
}

class NaiveBuild {
  readonly #leaves: FlowLeaves;

  constructor(leaves: FlowLeaves) {
    this.#leaves = leaves;
  }

  readonly run = fn("flows/block", PATIENT, (ctx, { program, input }: FlowStep) =>
    this.#block(ctx, program, input),
  );

  readonly recover = fn(
    "flows/recover",
    PATIENT,
    async (
      ctx,
      { result, args }: { result: Settlement<FlowValue>; args: FlowProgram },
    ): Promise<FlowValue> =>
      result.status === "fulfilled"
        ? result.value
        : ctx.get(this.#call(ctx, args, showSettlement(result))),
  );

  #call(ctx: Context, program: FlowProgram, input: FlowValue): Future<FlowValue> {
    return program.kind === "leaf"
      ? ctx.invoke(this.#leaves.leaf, { leaf: program, input })
      : ctx.invoke(this.run, { program, input });
  }

  async #block(ctx: Context, program: FlowProgram, input: FlowValue): Promise<FlowValue> {
    const one = (part: FlowProgram): Promise<FlowValue> => ctx.get(this.#call(ctx, part, input));
    const futures = (parts: readonly FlowProgram[]): Future<FlowValue>[] =>
      parts.map((part) => this.#call(ctx, part, input));
    switch (program.kind) {
      case "leaf":
        return one(program);
      case "note":
        await one(program.leaf);
        return ctx.get(this.#note(ctx, program, input));
      case "sleep":
        await ctx.get(ctx.sleep(program.ms));
        return input;
      case "sequence":
        return ctx.get(this.#call(ctx, program.second, await one(program.first)));
      case "depends":
        return ctx.get(this.#call(ctx, program.next, await Promise.all(program.parts.map(one))));
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
      case "wait":
        return blockOnWait(ctx, program, futures(program.parts));
      case "loop":
        return this.#loop(ctx, program, input);
      case "timeout":
        return ctx.get(ctx.timeout(this.#call(ctx, program.part, input), program.ms));
      case "settled":
        return settleStep(one(program.part));
      case "recover":
        return ctx.get(this.#onSettled(ctx, program, input));
      case "nested":
        return one(program.part);
      case "handle":
        return ctx.get(ctx.future(this.#call(ctx, program.part, input).handle()));
      case "twice": {
        const once = this.#call(ctx, program.part, input);
        return Promise.all([ctx.get(once), ctx.get(once)]);
      }
    }
  }

  #note(
    ctx: Context,
    { leaf, journal }: { leaf: FlowLeaf; journal: string },
    input: FlowValue,
  ): Future<FlowValue> {
    return ctx.invoke(this.#leaves.note, { index: leaf.index, gives: input }, { id: journal });
  }

  async #loop(
    ctx: Context,
    { body, times }: { body: FlowProgram; times: number },
    input: FlowValue,
  ): Promise<FlowValue> {
    let last = input;
    for (let time = 0; time < times; time++) last = await ctx.get(this.#call(ctx, body, last));
    return last;
  }

  /** Recovers in a continuation, because a cancelled handler can no longer block. */
  #onSettled(
    ctx: Context,
    { part, otherwise }: { part: FlowProgram; otherwise: FlowProgram },
    input: FlowValue,
  ): Future<FlowValue> {
    return ctx.onSettled(this.#call(ctx, part, input), this.recover, otherwise);
  }
}

async function blockOnWait(
  ctx: Context,
  { count, timeoutMs, rest }: FlowWait,
  parts: readonly Future<FlowValue>[],
): Promise<FlowValue> {
  const { ready, pending } = await ctx.get(
    ctx.wait(parts, timeoutMs === undefined ? { count } : { count, timeout: timeoutMs }),
  );
  const late: Settlement<FlowValue>[] = rest
    ? await ctx.get(ctx.allSettled(pending.map(({ handle }) => ctx.future(handle))))
    : [];
  return showWaited({ ready, pending: pending.map(({ index }) => index), late });
}

async function settleStep(result: Promise<FlowValue>): Promise<FlowValue> {
  const outcome = await flowOutcomeOf(result);
  return "value" in outcome ? ["fulfilled", outcome.value] : ["rejected", outcome.failure];
}
