import { fn } from "../../futures/define/fn.ts";
import type { Context, Waited } from "../../futures/types/context.ts";
import type { Future, Settlement } from "../../futures/types/future.ts";
import { flowLeaves } from "./leaves.ts";
import type { BuiltFlow, FlowLeaves, FlowStep, FlowWorld } from "./leaves.ts";
import { showSettlement } from "./outcome.ts";
import type { FlowLeaf, FlowProgram, FlowValue, FlowWait } from "./program.ts";

type Building = Future<FlowValue>;

/**
 * Builds programs as handlers that hand back futures. No handler waits, so no time is billed twice.
 */
export function splitFlow(world: FlowWorld): BuiltFlow {
  const leaves = flowLeaves(world);
  const build = new SplitBuild(leaves);
  return {
    run: build.run,
    read: leaves.read,
    functions: [
      ...leaves.functions,
      build.run,
      build.escaped,
      build.next,
      build.again,
      build.noted,
      awake,
      settlement,
      settlements,
      build.recovered,
      waited,
      joined,
    ],
  };
}

type Loop = { readonly body: FlowProgram; readonly times: number };

/** The functions that build further steps as they run. */
class SplitBuild {
  readonly #leaves: FlowLeaves;

  constructor(leaves: FlowLeaves) {
    this.#leaves = leaves;
  }

  readonly run = fn("flows/run", (ctx, { program, input }: FlowStep) =>
    this.#build(ctx, program, input),
  );

  // A future named by a handle belongs to the handler that took the handle, so the step gets a
  // handler of its own.
  readonly escaped = fn("flows/escaped", (ctx, { program, input }: FlowStep) =>
    ctx.future(this.#build(ctx, program, input).handle()),
  );

  readonly next = fn(
    "flows/next",
    (ctx, { result, args }: { result: FlowValue; args: FlowProgram }) =>
      this.#build(ctx, args, result),
  );

  readonly again = fn("flows/again", (ctx, { result, args }: { result: FlowValue; args: Loop }) =>
    this.#loop(ctx, args, result),
  );

  readonly noted = fn(
    "flows/noted",
    (
      ctx,
      {
        args: { leaf, journal, input },
      }: { result: FlowValue; args: { leaf: FlowLeaf; journal: string; input: FlowValue } },
    ) => ctx.invoke(this.#leaves.note, { index: leaf.index, gives: input }, { id: journal }),
  );

  readonly recovered = fn(
    "flows/recovered",
    (
      ctx,
      { result, args }: { result: Settlement<FlowValue>; args: FlowProgram },
    ): FlowValue | Building =>
      result.status === "fulfilled" ? result.value : this.#build(ctx, args, showSettlement(result)),
  );

  #build(ctx: Context, program: FlowProgram, input: FlowValue): Building {
    const one = (part: FlowProgram): Building => this.#build(ctx, part, input);
    switch (program.kind) {
      case "leaf":
        return ctx.invoke(this.#leaves.leaf, { leaf: program, input });
      case "note":
        return ctx.onComplete(one(program.leaf), this.noted, { ...program, input });
      case "sleep":
        return ctx.onComplete(ctx.sleep(program.ms), awake, input);
      case "sequence":
        return ctx.onComplete(one(program.first), this.next, program.second);
      case "depends":
        return this.#depend(ctx, program.next, program.parts.map(one));
      case "parallel":
        return ctx.all(program.parts.map(one));
      case "value":
        return ctx.resolved(program.parts.map(one));
      case "allSettled":
        return ctx.onComplete(ctx.allSettled(program.parts.map(one)), settlements);
      case "race":
        return ctx.race(program.parts.map(one));
      case "any":
        return ctx.any(program.parts.map(one));
      case "wait":
        return buildWait(ctx, program, program.parts.map(one));
      case "loop":
        return this.#loop(ctx, program, input);
      case "timeout":
        return ctx.timeout(one(program.part), program.ms);
      case "settled":
        return ctx.onSettled(one(program.part), settlement);
      case "recover":
        return ctx.onSettled(one(program.part), this.recovered, program.otherwise);
      case "nested":
        return ctx.invoke(this.run, { program: program.part, input });
      case "handle":
        return ctx.invoke(this.escaped, { program: program.part, input });
      case "twice": {
        const once = one(program.part);
        return ctx.all([once, once]);
      }
    }
  }

  #depend(ctx: Context, next: FlowProgram, input: Building[]): Building {
    return next.kind === "leaf"
      ? ctx.invoke(this.#leaves.leaf, { leaf: next, input })
      : ctx.invoke(this.run, { program: next, input });
  }

  #loop(ctx: Context, { body, times }: Loop, input: FlowValue): Building {
    return times === 0
      ? ctx.resolved(input)
      : ctx.onComplete(this.#build(ctx, body, input), this.again, { body, times: times - 1 });
  }
}

const awake = fn("flows/awake", (_, { args }: { result: void; args: FlowValue }) => args);

const settlement = fn("flows/settlement", (_, settled: Settlement<FlowValue>) =>
  showSettlement(settled),
);

const settlements = fn(
  "flows/settlements",
  (_, settled: readonly Settlement<FlowValue>[]): FlowValue => settled.map(showSettlement),
);

function buildWait(
  ctx: Context,
  { count, timeoutMs, rest }: FlowWait,
  parts: readonly Building[],
): Building {
  const options = timeoutMs === undefined ? { count } : { count, timeout: timeoutMs };
  return ctx.onComplete(ctx.wait(parts, options), waited, rest);
}

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
