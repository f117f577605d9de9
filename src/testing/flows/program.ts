/** A value that travels through a program: the input or the result of a step. */
export type FlowValue = string | number | boolean | null | undefined | readonly FlowValue[];

/**
 * A small workflow as plain data. It can be built as functions that hand back futures
 * (`splitFlow`), built as functions that block (`naiveFlow`), or computed without any engine
 * (`referenceFlow`). Each step takes one value and returns one.
 */
export type FlowProgram =
  /** Works, then returns a value or fails. */
  | FlowLeaf
  /** Works, then adds itself to the journal with that id: a state operation. Returns its input. */
  | { readonly kind: "note"; readonly leaf: FlowLeaf; readonly journal: string }
  /** Waits, then returns its input. */
  | { readonly kind: "sleep"; readonly ms: number }
  /** Runs the first step, then the second one with the result of the first. */
  | { readonly kind: "sequence"; readonly first: FlowProgram; readonly second: FlowProgram }
  /** Runs a step whose input contains the results of several others. */
  | { readonly kind: "depends"; readonly parts: readonly FlowProgram[]; readonly next: FlowProgram }
  /** Runs all parts with the same input. Returns a list of the results, or the first failure. */
  | { readonly kind: "parallel"; readonly parts: readonly FlowProgram[] }
  /** The same, joined by a value that contains the futures. */
  | { readonly kind: "value"; readonly parts: readonly FlowProgram[] }
  /** Runs all parts, and returns the outcome of each. */
  | { readonly kind: "allSettled"; readonly parts: readonly FlowProgram[] }
  /** Returns the result of the first part to settle, and cancels the others. */
  | { readonly kind: "race"; readonly parts: readonly FlowProgram[] }
  /** Returns the result of the first part to succeed, and cancels the others. */
  | { readonly kind: "any"; readonly parts: readonly FlowProgram[] }
  /**
   * Waits for some parts, and returns their outcomes. With `rest`, waits for the others as well,
   * and returns their outcomes too.
   */
  | FlowWait
  /** Runs the body the given number of times, each time with the result of the previous run. */
  | { readonly kind: "loop"; readonly body: FlowProgram; readonly times: number }
  /** Fails with `TIMEOUT` and cancels the part if it takes longer. */
  | { readonly kind: "timeout"; readonly part: FlowProgram; readonly ms: number }
  /** Returns the outcome of the part. */
  | { readonly kind: "settled"; readonly part: FlowProgram }
  /** If the part fails, runs another step with the failure as its input. */
  | { readonly kind: "recover"; readonly part: FlowProgram; readonly otherwise: FlowProgram }
  /** Runs the part in a function of its own. */
  | { readonly kind: "nested"; readonly part: FlowProgram }
  /** Turns the part's future into a handle, and the handle into a future. */
  | { readonly kind: "handle"; readonly part: FlowProgram }
  /** Consumes the part's future twice. */
  | { readonly kind: "twice"; readonly part: FlowProgram };

/** A step that works for `ms` on each attempt. */
export interface FlowLeaf {
  readonly kind: "leaf";
  /** Distinguishes the leaves of one program. */
  readonly index: number;
  readonly ms: number;
  /**
   * The result: the leaf's index with its input, or a constant that a careless engine mistakes for
   * nothing.
   */
  readonly gives: "echo" | "undefined" | "null" | "false" | "zero" | "empty";
  /** Number of attempts that fail, out of {@link LEAF_ATTEMPTS}. */
  readonly failures: number;
  /** True if it stops working when it is cancelled. */
  readonly heeds: boolean;
}

/** Waits until `count` parts have settled, or at most for `timeoutMs` if that is given. */
export interface FlowWait {
  readonly kind: "wait";
  readonly parts: readonly FlowProgram[];
  readonly count: number;
  readonly timeoutMs?: number;
  readonly rest: boolean;
}

/** The kinds of steps. */
export type FlowKind = FlowProgram["kind"];

/** Maximum number of attempts of a leaf. */
export const LEAF_ATTEMPTS = 3;

/** One attempt of a leaf. */
export interface LeafCall {
  readonly leaf: FlowLeaf;
  readonly input: FlowValue;
  /** Counts from 1. */
  readonly attempt: number;
}

/** The behavior of a program's leaves: returns a value, or throws. */
export type LeafFunction = (call: LeafCall) => FlowValue;

const CONSTANTS = { undefined, null: null, false: false, zero: 0, empty: "" } as const;

/** Does what the leaf's description says. The engines and the reference share it. */
export function playLeaf({
  leaf: { index, gives, failures },
  input,
  attempt,
}: LeafCall): FlowValue {
  if (attempt <= failures) throw new Error(`leaf ${index}`);
  return gives === "echo" ? [index, input] : CONSTANTS[gives];
}
