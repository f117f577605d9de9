import type { Future, Settlement } from "handback";
import { fn } from "handback";
import fc from "fast-check";
import type { VirtualClock } from "../../src/testing/virtual-clock.ts";

/** A small workflow as data: it can be run as functions of an engine, and directly. */
export type Program =
  /** Works for a while, then gives `value` or throws. */
  | { readonly kind: "leaf"; readonly index: number; readonly ms: number; readonly fails: boolean }
  /** Runs one, then the other with the first one's result beside it. */
  | { readonly kind: "sequence"; readonly first: Program; readonly second: Program }
  | { readonly kind: "all"; readonly parts: readonly Program[] }
  | { readonly kind: "allSettled"; readonly parts: readonly Program[] }
  /** Catches a failure. */
  | { readonly kind: "settled"; readonly part: Program }
  /** Runs a part in a function of its own. */
  | { readonly kind: "nested"; readonly part: Program }
  /** Makes a handle of a part's future, and a future of that. */
  | { readonly kind: "handle"; readonly part: Program }
  /** Takes one future twice. */
  | { readonly kind: "twice"; readonly part: Program }
  /** Joins parts by a value that holds them. */
  | { readonly kind: "value"; readonly parts: readonly Program[] }
  /** Joins parts by an input that holds them. */
  | { readonly kind: "input"; readonly parts: readonly Program[] }
  | { readonly kind: "sleep"; readonly ms: number };

/** Time after which the longest program's last leaf has ended, even if it is run several times. */
export const AFTERWARDS_MS = 3_600_000;

type Result = number | string | null | readonly Result[];

/** The functions that run programs on an engine whose handlers work on `clock()`. */
export function programFunctions(clock: () => VirtualClock) {
  const leaf = fn("program/leaf", async (_, { index, ms, fails }: { index: number; ms: number; fails: boolean }): Promise<Result> => {
    await clock().work(ms);
    if (fails) throw new Error(`leaf ${index}`);
    return index;
  });
  const run = fn("program/run", (ctx, program: Program): Future<Result> => {
    const build = (part: Program): Future<Result> => {
      switch (part.kind) {
        case "leaf":
          return ctx.invoke(leaf, part);
        case "sequence":
          return ctx.onComplete(build(part.first), next, part.second);
        case "all":
          return ctx.all(part.parts.map(build));
        case "allSettled":
          return ctx.onComplete(ctx.allSettled(part.parts.map(build)), outcomes);
        case "settled":
          return ctx.onSettled(build(part.part), outcome);
        case "nested":
          return ctx.invoke(run, part.part);
        case "handle":
          return ctx.future(build(part.part).handle());
        case "twice": {
          const once = build(part.part);
          return ctx.all([once, once]);
        }
        case "value":
          return ctx.resolved(part.parts.map(build));
        case "input":
          return ctx.invoke(same, part.parts.map(build));
        case "sleep":
          return ctx.onComplete(ctx.sleep(part.ms), woken);
      }
    };
    return build(program);
  });
  const next = fn("program/next", (ctx, { result, args }: { result: Result; args: Program }) =>
    ctx.all([ctx.resolved(result), ctx.invoke(run, args)]),
  );
  const outcome = fn("program/outcome", (_, settlement: Settlement<Result>) => show(settlement));
  const outcomes = fn("program/outcomes", (_, settlements: readonly Settlement<Result>[]): Result => settlements.map(show));
  const same = fn("program/same", (_, parts: readonly Result[]): Result => parts);
  const woken = fn("program/woken", (_, _slept: void): Result => "woken");
  return { run, functions: [run, leaf, next, outcome, outcomes, same, woken] };
}

/** What running a program comes to. */
export interface Evaluation {
  readonly outcome: { readonly value: Result } | { readonly failure: string };
  /** Time from start to outcome, in ns. */
  readonly tookNs: number;
  /** What all leaves worked together, those included that went on after the outcome, in ns. */
  readonly workedNs: number;
}

/** Runs a program directly, with promises. */
export async function evaluate(program: Program, clock: VirtualClock): Promise<Evaluation> {
  let workedNs = 0;
  const run = async (part: Program): Promise<Result> => {
    switch (part.kind) {
      case "leaf":
        await clock.work(part.ms);
        workedNs += Math.round(part.ms * 1e6);
        if (part.fails) throw new Error(`leaf ${part.index}`);
        return part.index;
      case "sequence":
        return [await run(part.first), await run(part.second)];
      case "all":
      case "value":
      case "input":
        return Promise.all(part.parts.map(run));
      case "allSettled":
        return (await Promise.allSettled(part.parts.map(run))).map(show);
      case "settled":
        return run(part.part).then(
          (value) => ["fulfilled", value],
          (): Result => "rejected",
        );
      case "nested":
      case "handle":
        return run(part.part);
      case "twice":
        return run(part.part).then((value) => [value, value]);
      case "sleep":
        await clock.work(part.ms);
        return "woken";
    }
  };
  const beganNs = clock.monotonicNs();
  const running = run(program);
  const outcome = await clock.until(running).then(
    (value) => ({ value }),
    (error: Error) => ({ failure: error.message }),
  );
  const tookNs = clock.monotonicNs() - beganNs;
  await clock.advance(AFTERWARDS_MS);
  return { outcome, tookNs, workedNs };
}

/** Leaves out why something failed: where several fail, an engine may hear of any of them first. */
function show(settlement: { readonly status: "fulfilled"; readonly value: Result } | { readonly status: "rejected" }): Result {
  return settlement.status === "fulfilled" ? ["fulfilled", settlement.value] : "rejected";
}

/** Leaves are told apart by their ranks, which the prime number of them keeps distinct. */
const RANKS = 11;
const MAX_SLEEPS = 8;

/** Programs in which no two ways through end at the same instant, so that it is certain which failure comes first. */
export function arbitraryProgram(): fc.Arbitrary<Program> {
  const { program } = fc.letrec<{ program: Program }>((tie) => {
    const parts = fc.array(tie("program"), { minLength: 1, maxLength: 4, depthIdentifier: "parts" });
    const wrapper = fc.constantFrom("settled" as const, "nested" as const, "handle" as const, "twice" as const);
    const join = fc.constantFrom("all" as const, "allSettled" as const, "value" as const, "input" as const);
    return {
      program: fc.oneof(
        { depthSize: "medium", withCrossShrink: true },
        fc.record({ kind: fc.constant("leaf" as const), index: fc.constant(0), ms: fc.constant(0), fails: fc.boolean() }),
        fc.record({ kind: fc.constant("sequence" as const), first: tie("program"), second: tie("program") }),
        { weight: 3, arbitrary: fc.record({ kind: join, parts }) },
        { weight: 2, arbitrary: fc.record({ kind: wrapper, part: tie("program") }) },
        fc.record({ kind: fc.constant("sleep" as const), ms: fc.nat(2) }),
      ),
    };
  });
  return fc
    .tuple(program, fc.integer({ min: 1, max: RANKS - 1 }))
    .map(([each, stride]) => numberLeaves(each, stride))
    .filter(({ leaves, sleeps }) => leaves <= RANKS && sleeps <= MAX_SLEEPS)
    .map(({ numbered }) => numbered);
}

/** Numbers the leaves, and gives each a time that no sum of others has, with room for what sleeps add. */
function numberLeaves(program: Program, stride: number): { readonly numbered: Program; readonly leaves: number; readonly sleeps: number } {
  let [leaves, sleeps] = [0, 0];
  const walk = (part: Program): Program => {
    switch (part.kind) {
      case "leaf": {
        const index = leaves++;
        return { ...part, index, ms: 50 * 2 ** ((index * stride) % RANKS) + (index + 1) / 1e6 };
      }
      case "sleep":
        sleeps++;
        return part;
      case "sequence":
        return { ...part, first: walk(part.first), second: walk(part.second) };
      case "settled":
      case "nested":
      case "handle":
      case "twice":
        return { ...part, part: walk(part.part) };
      default:
        return { ...part, parts: part.parts.map(walk) };
    }
  };
  return { numbered: walk(program), leaves, sleeps };
}
