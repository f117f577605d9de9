import { comparable } from "./comparable.ts";
import type { Run } from "./run.ts";

/** The outcome of a run, independent of its course. */
export interface Outcome {
  /** The result of the body. */
  readonly result: unknown;
  /**
   * All states of the functions, by `namespace/name id`. States with generated ids are listed by
   * function alone.
   */
  readonly states: Readonly<Record<string, unknown>>;
  /** Values that left through `ctx.egress`, each once, however often it was delivered. */
  readonly egress: readonly unknown[];
  /** Status of each flow, by key. */
  readonly flows: Readonly<Record<string, string>>;
}

/** Reads the outcome of a run. */
export async function readOutcome(run: Run<unknown>): Promise<Outcome> {
  const states: Record<string, unknown> = {};
  const generated: Record<string, unknown[]> = {};
  for (const { function: type, id, state } of await run.states()) {
    if (id.startsWith("@")) (generated[type] ??= []).push(state);
    else states[`${type} ${id}`] = state;
  }
  for (const [type, all] of Object.entries(generated)) states[type] = inAnyOrder(all);
  const egress = inAnyOrder(run.egress.map(({ type, value }) => ({ type, value })));
  const flows = Object.fromEntries((await run.meter.flows()).map(({ id, status }) => [id, status]));
  return { result: run.result, states, egress, flows };
}

function inAnyOrder(items: readonly unknown[]): readonly unknown[] {
  return items.toSorted((one, other) => (comparable(one) < comparable(other) ? -1 : 1));
}
