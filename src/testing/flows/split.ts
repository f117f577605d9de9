import { fn } from "../../futures/define/fn.ts";
import type { Context, Waited } from "../../futures/types/context.ts";
import type { Future, Settlement } from "../../futures/types/future.ts";
import { flowLeaves } from "./leaves.ts";
import type { BuiltFlow, FlowStep, FlowWorld } from "./leaves.ts";
import { showSettlement } from "./outcome.ts";
import type { FlowLeaf, FlowProgram, FlowValue } from "./program.ts";

type Building = Future<FlowValue>;

/**
 * Builds programs as handlers that hand back futures. No handler waits, so no time is billed twice.
 */
export function splitFlow(world: FlowWorld): BuiltFlow {
  const leaves = flowLeaves(world);
  const build = (ctx: Context, program: FlowProgram, input: FlowValue): Building => {
    const each = (parts: readonly FlowProgram[]): Building[] =>
      parts.map((part) => build(ctx, part, input));
    switch (program.kind) {
      case "leaf":
        return ctx.invoke(leaves.leaf, { leaf: program, input });
      case "note":
        return ctx.onComplete(ctx.invoke(leaves.leaf, { leaf: program.leaf, input }), noted, {
          ...program,
          input,
        });
      case "sleep":
        return ctx.onComplete(ctx.sleep(program.ms), awake, input);
      case "sequence":
        return ctx.onComplete(build(ctx, program.first, input), next, program.second);
      case "depends":
        return program.next.kind === "leaf"
          ? ctx.invoke(leaves.leaf, { leaf: program.next, input: each(program.parts) })
          : ctx.invoke(run, { program: program.next, input: each(program.parts) });
      case "parallel":
        return ctx.all(each(program.parts));
      case "value":
        return ctx.resolved(each(program.parts));
      case "allSettled":
        return ctx.onComplete(ctx.allSettled(each(program.parts)), settlements);
      case "race":
        return ctx.race(each(program.parts));
      case "any":
        return ctx.any(each(program.parts));
      case "wait": {
        const { parts, count, timeoutMs, rest } = program;
        const options = timeoutMs === undefined ? { count } : { count, timeout: timeoutMs };
        return ctx.onComplete(ctx.wait(each(parts), options), waited, rest);
      }
      case "loop":
        return loop(ctx, program, input);
      case "timeout":
        return ctx.timeout(build(ctx, program.part, input), program.ms);
      case "settled":
        return ctx.onSettled(build(ctx, program.part, input), settlement);
      case "recover":
        return ctx.onSettled(build(ctx, program.part, input), recovered, program.otherwise);
      case "nested":
        return ctx.invoke(run, { program: program.part, input });
      case "handle":
        return ctx.invoke(escaped, { program: program.part, input });
      case "twice": {
        const once = build(ctx, program.part, input);
        return ctx.all([once, once]);
      }
    }
  };
  const loop = (ctx: Context, { body, times }: Loop, input: FlowValue): Building =>
    times === 0
      ? ctx.resolved(input)
      : ctx.onComplete(build(ctx, body, input), again, { body, times: times - 1 });

  const run = fn("flows/run", (ctx, { program, input }: FlowStep) => build(ctx, program, input));
  // A future named by a handle belongs to the handler that took the handle, so the step gets a
  // handler of its own.
  const escaped = fn("flows/escaped", (ctx, { program, input }: FlowStep) =>
    ctx.future(build(ctx, program, input).handle()),
  );
  const next = fn("flows/next", (ctx, { result, args }: { result: FlowValue; args: FlowProgram }) =>
    build(ctx, args, result),
  );
  const again = fn("flows/again", (ctx, { result, args }: { result: FlowValue; args: Loop }) =>
    loop(ctx, args, result),
  );
  const noted = fn(
    "flows/noted",
    (
      ctx,
      {
        args: { leaf, journal, input },
      }: { result: FlowValue; args: { leaf: FlowLeaf; journal: string; input: FlowValue } },
    ) => ctx.invoke(leaves.note, { index: leaf.index, gives: input }, { id: journal }),
  );
  const awake = fn("flows/awake", (_, { args }: { result: void; args: FlowValue }) => args);
  const settlement = fn("flows/settlement", (_, settled: Settlement<FlowValue>) =>
    showSettlement(settled),
  );
  const settlements = fn(
    "flows/settlements",
    (_, settled: readonly Settlement<FlowValue>[]): FlowValue => settled.map(showSettlement),
  );
  const recovered = fn(
    "flows/recovered",
    (
      ctx,
      { result, args }: { result: Settlement<FlowValue>; args: FlowProgram },
    ): FlowValue | Building =>
      result.status === "fulfilled" ? result.value : build(ctx, args, showSettlement(result)),
  );
  const waited = fn(
    "flows/waited",
    (ctx, { result, args: rest }: { result: Waited<FlowValue>; args: boolean }) =>
      rest
        ? ctx.invoke(joined, {
            ready: result.ready,
            pending: result.pending.map(({ index }) => index),
            late: ctx.allSettled(result.pending.map(({ handle }) => ctx.future(handle))),
          })
        : ctx.resolved(
            showWaited({
              ready: result.ready,
              pending: result.pending.map(({ index }) => index),
              late: [],
            }),
          ),
  );
  const joined = fn("flows/joined", (_, parts: WaitedParts) => showWaited(parts));
  return {
    run,
    read: leaves.read,
    functions: [
      ...leaves.functions,
      run,
      escaped,
      next,
      again,
      noted,
      awake,
      settlement,
      settlements,
      recovered,
      waited,
      joined,
    ],
  };
}

type Loop = { readonly body: FlowProgram; readonly times: number };

/** The result of a wait, and the later outcomes of the parts that were pending. */
export interface WaitedParts {
  readonly ready: Waited<FlowValue>["ready"];
  readonly pending: readonly number[];
  readonly late: readonly Settlement<FlowValue>[];
}

/**
 * Turns the result of a wait into a value: the ready parts and their outcomes, and the pending
 * parts and their later outcomes.
 */
export function showWaited({ ready, pending, late }: WaitedParts): FlowValue {
  return [
    ready.map((each) => [each.index, showSettlement(each)]),
    pending,
    late.map(showSettlement),
  ];
}
