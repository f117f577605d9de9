/** A value that travels through a program: what steps take and give. */
export type FlowValue = string | number | boolean | null | undefined | readonly FlowValue[];

/**
 * A small workflow as plain data. It can be built as functions that hand back futures (`splitFlow`), as functions that block
 * (`naiveFlow`), and it can be worked out without any engine (`referenceFlow`). Each step takes a value and gives one.
 */
export type FlowProgram =
  /** Works, then gives a value or fails. */
  | FlowLeaf
  /** Works, then notes itself in the journal of that id: a state operation. Gives what it took. */
  | { readonly kind: "note"; readonly leaf: FlowLeaf; readonly journal: string }
  /** Waits, then gives what it took. */
  | { readonly kind: "sleep"; readonly ms: number }
  /** Runs one, then the other with what the first gave. */
  | { readonly kind: "sequence"; readonly first: FlowProgram; readonly second: FlowProgram }
  /** Runs a step whose input holds what several others give. */
  | { readonly kind: "depends"; readonly parts: readonly FlowProgram[]; readonly next: FlowProgram }
  /** Runs all with the same input: a list of what they give, or the first failure. */
  | { readonly kind: "parallel"; readonly parts: readonly FlowProgram[] }
  /** The same, joined by a value that holds them. */
  | { readonly kind: "value"; readonly parts: readonly FlowProgram[] }
  /** Runs all, and gives how each of them ended. */
  | { readonly kind: "allSettled"; readonly parts: readonly FlowProgram[] }
  /** Gives what the first to settle gives; cancels the others. */
  | { readonly kind: "race"; readonly parts: readonly FlowProgram[] }
  /** Gives what the first to succeed gives; cancels the others. */
  | { readonly kind: "any"; readonly parts: readonly FlowProgram[] }
  /** Waits for some, and gives how those ended; with `rest`, waits for the others as well, and gives how they ended. */
  | FlowWait
  /** Runs a part so many times, each with what the one before gave. */
  | { readonly kind: "loop"; readonly body: FlowProgram; readonly times: number }
  /** Fails with `TIMEOUT` if the part takes longer; then the part is cancelled. */
  | { readonly kind: "timeout"; readonly part: FlowProgram; readonly ms: number }
  /** Gives how the part ended. */
  | { readonly kind: "settled"; readonly part: FlowProgram }
  /** Runs another step, with the failure as its input, if the part fails. */
  | { readonly kind: "recover"; readonly part: FlowProgram; readonly otherwise: FlowProgram }
  /** Runs the part in a function of its own. */
  | { readonly kind: "nested"; readonly part: FlowProgram }
  /** Makes a handle of the part's future, and a future of that. */
  | { readonly kind: "handle"; readonly part: FlowProgram }
  /** Takes the part's future twice. */
  | { readonly kind: "twice"; readonly part: FlowProgram };

/** A step that works: `ms` of it on each attempt. */
export interface FlowLeaf {
  readonly kind: "leaf";
  /** Tells leaves of one program apart. */
  readonly index: number;
  readonly ms: number;
  /** What it gives: itself with its input, or a constant that a careless engine takes for nothing. */
  readonly gives: "echo" | "undefined" | "null" | "false" | "zero" | "empty";
  /** How many of its attempts fail; it has {@link LEAF_ATTEMPTS}. */
  readonly failures: number;
  /** Whether it stops working when it is cancelled. */
  readonly heeds: boolean;
}

/** Waits until `count` parts have settled, or, if it is given, for `timeoutMs`. */
export interface FlowWait {
  readonly kind: "wait";
  readonly parts: readonly FlowProgram[];
  readonly count: number;
  readonly timeoutMs?: number;
  readonly rest: boolean;
}

/** Kinds of step. */
export type FlowKind = FlowProgram["kind"];

/** How often a leaf is tried in all. */
export const LEAF_ATTEMPTS = 3;

/** What a leaf is asked to do. */
export interface LeafCall {
  readonly leaf: FlowLeaf;
  readonly input: FlowValue;
  /** From 1. */
  readonly attempt: number;
}

/** What the leaves of a program do: gives a value, or throws. */
export type LeafFunction = (call: LeafCall) => FlowValue;

const CONSTANTS = { undefined, null: null, false: false, zero: 0, empty: "" } as const;

/** Does what its description says. The engines and the reference share it. */
export function playLeaf({
  leaf: { index, gives, failures },
  input,
  attempt,
}: LeafCall): FlowValue {
  if (attempt <= failures) throw new Error(`leaf ${index}`);
  return gives === "echo" ? [index, input] : CONSTANTS[gives];
}
