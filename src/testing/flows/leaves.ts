import { value } from "../../core/state/value.ts";
import type { StatefulFunction } from "../../futures/types/define.ts";
import { fn } from "../../futures/define/fn.ts";
import type { AnyInvokable, Invokable, StatefulFn } from "../../futures/types/function.ts";
import { stateful } from "../../futures/define/stateful.ts";
import { LEAF_ATTEMPTS, playLeaf } from "./program.ts";
import type { FlowLeaf, FlowProgram, FlowValue, LeafFunction } from "./program.ts";

/** Canceled handlers of a program end by themselves, however long they work. */
export const PATIENT = { grace: "365d" } as const;

/** The environment that the runner gives to the functions of a program. */
export interface FlowWorld {
  /** Works for `ms`, or until the signal is aborted. */
  readonly work: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Called at the start of each attempt of a leaf. */
  readonly onLeaf?: (call: {
    readonly leaf: number;
    readonly input: FlowValue;
    readonly attempt: number;
  }) => void;
  /** Produces the outcome of a leaf after its work; default `playLeaf`. */
  readonly play?: LeafFunction;
}

/** A step and its input. */
export interface FlowStep {
  readonly program: FlowProgram;
  readonly input: FlowValue;
}

/** A leaf and its input. */
export interface LeafStep {
  readonly leaf: FlowLeaf;
  readonly input: FlowValue;
}

/**
 * The functions of a program. `run` runs it; `read` reads, by id, a journal that the program wrote.
 */
export interface BuiltFlow {
  readonly run: Invokable<FlowStep, FlowValue>;
  readonly read: StatefulFn<void, readonly number[]>;
  /** All of them, for registration. */
  readonly functions: readonly (AnyInvokable | StatefulFunction<unknown>)[];
}

/**
 * The functions that both builds share: the leaf, and the journal that state operations write to.
 */
export interface FlowLeaves extends Pick<BuiltFlow, "read" | "functions"> {
  readonly leaf: Invokable<LeafStep, FlowValue>;
  readonly note: StatefulFn<NoteStep, FlowValue>;
}

/** A journal entry, and the result of the step. */
export interface NoteStep {
  readonly index: number;
  readonly gives: FlowValue;
}

/** Makes the leaf and the journal for one environment. */
export function flowLeaves({
  work,
  onLeaf = () => undefined,
  play = playLeaf,
}: FlowWorld): FlowLeaves {
  const retry = { maxAttempts: LEAF_ATTEMPTS, initialDelay: 0 };
  const leaf = fn(
    "flows/leaf",
    { retry, ...PATIENT },
    async (ctx, { leaf, input }: LeafStep): Promise<FlowValue> => {
      onLeaf({ leaf: leaf.index, input, attempt: ctx.attempt });
      await (leaf.heeds ? work(leaf.ms, ctx.signal) : work(leaf.ms));
      return play({ leaf, input, attempt: ctx.attempt });
    },
  );
  const journal = stateful("flows/journal", {
    state: { notes: value<number[]>([]) },
    handlers: {
      add(ctx, { index, gives }: NoteStep): FlowValue {
        ctx.state.notes.push(index);
        return gives;
      },
    },
    queries: { read: (ctx) => ctx.state.notes },
  });
  return { leaf, read: journal.read, note: journal.add, functions: [leaf, journal] };
}
