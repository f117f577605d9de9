import { fn, stateful, value } from "../../src/index.ts";
import type { Model, Operation } from "./linearizability.ts";
import { isLinearizable } from "./linearizability.ts";

/** The last number that was put, and how many were put. */
export interface Seen {
  readonly count: number;
  readonly last: number;
}

/** Puts a number, all of which differ, or looks. */
export type Put = { readonly put: number } | { readonly put?: undefined };

/** The object under test: each answer tells a different state. */
export const register = stateful("consistency/register", {
  state: { count: value(0), last: value(-1) },
  handlers: {
    put(ctx, n: number): Seen {
      const before = { count: ctx.state.count, last: ctx.state.last };
      ctx.state.count++;
      ctx.state.last = n;
      return before;
    },
  },
  queries: { look: (ctx): Seen => ({ count: ctx.state.count, last: ctx.state.last }) },
});

/** A flow with a key. Its status is one object. */
export const quick = fn("consistency/quick", (_, n: number) => n);

/** A register: each operation answers what was there before it. */
export const registerModel: Model<Seen, Put, Seen> = {
  initial: { count: 0, last: -1 },
  apply(state, { put }) {
    const next = put === undefined ? state : { count: state.count + 1, last: put };
    return { state: next, output: state };
  },
  keyOf: ({ count, last }) => `${count} ${last}`,
};

export type FlowState = "absent" | "pending" | "completed";
export type FlowStep = "start" | "end" | "status" | "result";

/**
 * The status of a flow. It is started once, and ends at some time after that, which nobody asked
 * for: a history has one `end` without an answer. A result is answered once it is completed.
 */
export const flowModel: Model<FlowState, FlowStep, FlowState> = {
  initial: "absent",
  apply(state, step) {
    if (step === "start") {
      const started = state === "absent" ? "pending" : state;
      return { state: started, output: "pending" };
    }
    if (step === "end") return { state: state === "pending" ? "completed" : state, output: state };
    return { state, output: state };
  },
  keyOf: (state) => state,
};

/** One line of a recorded history: a request, or its answer. */
export type Line = {
  /** The object: a register or a flow. */
  readonly object: string;
  /** Names the operation. */
  readonly id: string;
} & (
  | { readonly register: Put }
  | { readonly flow: FlowStep }
  | { readonly answer: Seen | FlowState }
  /** It has not happened, or the answer tells nothing. */
  | { readonly refused: string }
);

/** A history that is not linearizable. */
export interface Wrong {
  readonly object: string;
  readonly history: readonly Operation<Put | FlowStep, Seen | FlowState>[];
}

/** Returns the objects of a recorded history that were not linearizable. */
export function wrongObjects(lines: readonly Line[]): readonly Wrong[] {
  const wrong: Wrong[] = [];
  for (const [object, own] of Map.groupBy(
    lines.map((line, at) => ({ ...line, at })),
    (line) => line.object,
  )) {
    const registers = operationsOf<Put, Seen>(own, (line) =>
      "register" in line ? line.register : undefined,
    );
    const flows = operationsOf<FlowStep, FlowState>(own, (line) =>
      "flow" in line ? line.flow : undefined,
    );
    if (!isLinearizable(registers, registerModel)) wrong.push({ object, history: registers });
    if (flows.length === 0) continue;
    const history = [...flows, { input: "end", from: -1 } as const];
    if (!isLinearizable(history, flowModel)) wrong.push({ object, history });
  }
  return wrong;
}

/** Pairs requests with their answers. Refused requests are left out: they changed nothing. */
function operationsOf<Input, Output>(
  lines: readonly (Line & { readonly at: number })[],
  inputOf: (line: Line) => Input | undefined,
): readonly Operation<Input, Output>[] {
  const answers = new Map(lines.flatMap((line) => ("answer" in line ? [[line.id, line]] : [])));
  const refused = new Set(lines.flatMap((line) => ("refused" in line ? [line.id] : [])));
  return lines.flatMap((line) => {
    const input = inputOf(line);
    if (input === undefined || refused.has(line.id)) return [];
    const answer = answers.get(line.id);
    const answered = answer === undefined ? {} : { output: answer.answer as Output, to: answer.at };
    return [{ input, from: line.at, ...answered }];
  });
}
