import fc from "fast-check";
import type { FlowKind, FlowLeaf, FlowProgram } from "./program.ts";
import { LEAF_ATTEMPTS } from "./program.ts";
import { referenceFlow } from "./reference.ts";

/** Options of {@link flows}. */
export interface FlowsOptions {
  /**
   * Kinds of steps to leave out, for engines that do not support them or laws that do not cover
   * them; default none.
   */
  readonly without?: readonly FlowKind[];
  /** Allows leaves to fail; default `true`. */
  readonly failures?: boolean;
  /** Maximum nesting depth of steps, from 0; default 4. */
  readonly maxDepth?: number;
}

/**
 * Generates random workflow programs as plain data that shrinks: leaves that succeed and fail,
 * sequences, data dependencies, parallel steps, races, waits, loops, timeouts, state operations,
 * and nested functions. Build a program with `splitFlow` or `naiveFlow`, and compare the result
 * with `referenceFlow`.
 *
 * The outcome of a program is certain: all durations are whole milliseconds, chosen so that no two
 * paths through the program take the same time. A program takes less than two hours, and most take
 * less than a second.
 */
export function flows(options: FlowsOptions = {}): fc.Arbitrary<FlowProgram> {
  return fc
    .tuple(shape(options), fc.nat(DURATIONS - 1), fc.integer({ min: 1, max: DURATIONS - 1 }))
    .map(([program, first, stride]) => {
      const order = Array.from(
        { length: time(program, () => 0).durations },
        (_, nth) => (first + nth * stride) % DURATIONS,
      );
      return time(
        program,
        (nth) => BASE ** order.filter((other) => other < (order[nth] ?? 0)).length,
      );
    })
    .filter(
      ({ program, durations, repeats }) =>
        durations <= DURATIONS && repeats < BASE && referenceFlow(program, null).certain,
    )
    .map(({ program }) => program);
}

/**
 * Durations are powers of BASE, and each one is used for one step of a program. As long as no path
 * passes the same step BASE times, no two sums of durations are equal, as with digits.
 */
const BASE = 4;
/** A prime number, so that every stride visits all durations. */
const DURATIONS = 11;
const JOURNALS = ["a", "b"] as const;
const MOST_PARTS = 3;

type Programs = fc.Arbitrary<FlowProgram>;

/** Generates programs without durations and indexes. `time` adds them. */
function shape({ without = [], failures = true, maxDepth = 4 }: FlowsOptions): Programs {
  const { program } = fc.letrec<{ program: FlowProgram }>((tie) => {
    const kinds = stepKinds(tie("program"), leafShape(failures));
    const chosen = Object.entries(kinds).filter(([kind]) => !without.some((each) => each === kind));
    return {
      program: fc.oneof(
        { maxDepth, depthSize: "medium", withCrossShrink: true, depthIdentifier: "steps" },
        ...chosen.map(([, [weight, arbitrary]]) => ({ weight, arbitrary })),
      ),
    };
  });
  return program;
}

/** The generator of each kind of step, made of the parts that `each` generates. */
function stepKinds(
  each: Programs,
  leaf: fc.Arbitrary<FlowLeaf>,
): Record<FlowKind, readonly [weight: number, arbitrary: Programs]> {
  const list = fc.array(each, { minLength: 1, maxLength: MOST_PARTS, depthIdentifier: "parts" });
  const ms = fc.constant(0);
  const journal = fc.constantFrom(...JOURNALS);
  return {
    leaf: [4, leaf],
    note: [2, fc.record({ kind: fc.constant("note"), leaf, journal })],
    sleep: [1, fc.record({ kind: fc.constant("sleep"), ms })],
    sequence: [2, fc.record({ kind: fc.constant("sequence"), first: each, second: each })],
    depends: [2, fc.record({ kind: fc.constant("depends"), parts: list, next: each })],
    parallel: [2, fc.record({ kind: fc.constant("parallel"), parts: list })],
    value: [1, fc.record({ kind: fc.constant("value"), parts: list })],
    allSettled: [1, fc.record({ kind: fc.constant("allSettled"), parts: list })],
    race: [2, fc.record({ kind: fc.constant("race"), parts: list })],
    any: [2, fc.record({ kind: fc.constant("any"), parts: list })],
    wait: [2, waitShape(list)],
    loop: [1, fc.record({ kind: fc.constant("loop"), body: each, times: fc.nat(BASE - 1) })],
    timeout: [2, fc.record({ kind: fc.constant("timeout"), part: each, ms })],
    settled: [1, fc.record({ kind: fc.constant("settled"), part: each })],
    recover: [1, fc.record({ kind: fc.constant("recover"), part: each, otherwise: each })],
    nested: [1, fc.record({ kind: fc.constant("nested"), part: each })],
    handle: [1, fc.record({ kind: fc.constant("handle"), part: each })],
    twice: [1, fc.record({ kind: fc.constant("twice"), part: each })],
  };
}

function leafShape(failures: boolean): fc.Arbitrary<FlowLeaf> {
  return fc.record<FlowLeaf>({
    kind: fc.constant("leaf"),
    index: fc.constant(0),
    ms: fc.constant(0),
    gives: fc.oneof(
      { weight: 3, arbitrary: fc.constant("echo") },
      fc.constantFrom("undefined", "null", "false", "zero", "empty"),
    ),
    failures: !failures
      ? fc.constant(0)
      : fc.oneof(
          { weight: 6, arbitrary: fc.constant(0) },
          { weight: 1, arbitrary: fc.integer({ min: 1, max: LEAF_ATTEMPTS - 1 }) },
          { weight: 3, arbitrary: fc.constant(LEAF_ATTEMPTS) },
        ),
    heeds: fc.boolean(),
  });
}

function waitShape(list: fc.Arbitrary<readonly FlowProgram[]>): Programs {
  return list.chain((parts) =>
    fc
      .record({ count: fc.nat(parts.length), rest: fc.boolean(), isTimed: fc.boolean() })
      .map(({ count, rest, isTimed }) => ({
        kind: "wait",
        parts,
        count,
        rest,
        ...(isTimed && { timeoutMs: 0 }),
      })),
  );
}

interface Timed {
  readonly program: FlowProgram;
  /** Number of durations that the program uses. */
  readonly durations: number;
  /** Number of passes through the step that is passed most often. */
  readonly repeats: number;
}

/** Assigns each step its index and its duration. */
function time(program: FlowProgram, duration: (nth: number) => number): Timed {
  let [leaves, durations, most] = [0, 0, 0];
  const next = (repeats: number): number => {
    most = Math.max(most, repeats);
    return duration(durations++);
  };
  const walk = (part: FlowProgram, repeats: number): FlowProgram => {
    const each = (parts: readonly FlowProgram[]): FlowProgram[] =>
      parts.map((inner) => walk(inner, repeats));
    const leaf = (untimed: FlowLeaf): FlowLeaf => ({
      ...untimed,
      index: leaves++,
      ms: next(repeats * Math.min(untimed.failures + 1, LEAF_ATTEMPTS)),
    });
    switch (part.kind) {
      case "leaf":
        return leaf(part);
      case "note":
        return { ...part, leaf: leaf(part.leaf) };
      case "sleep":
        return { ...part, ms: next(repeats) };
      case "sequence":
        return { ...part, first: walk(part.first, repeats), second: walk(part.second, repeats) };
      case "depends":
        return { ...part, parts: each(part.parts), next: walk(part.next, repeats) };
      case "wait":
        return {
          ...part,
          parts: each(part.parts),
          ...(part.timeoutMs !== undefined && { timeoutMs: next(repeats) }),
        };
      case "loop":
        return { ...part, body: walk(part.body, repeats * part.times) };
      case "timeout":
        return { ...part, part: walk(part.part, repeats), ms: next(repeats) };
      case "recover":
        return {
          ...part,
          part: walk(part.part, repeats),
          otherwise: walk(part.otherwise, repeats),
        };
      case "settled":
      case "nested":
      case "handle":
      case "twice":
        return { ...part, part: walk(part.part, repeats) };
      default:
        return { ...part, parts: each(part.parts) };
    }
  };
  return { program: walk(program, 1), durations, repeats: most };
}
