import type { Fn, HandbackError } from "handback";
import { HandbackError as Errors } from "handback";
import { simulate } from "handback/testing";
import type { Run, SimulateOptions } from "handback/testing";

/** The end of a call, as data to compare. */
export type Ended =
  | { readonly value: unknown }
  | { readonly code: string; readonly message: string; readonly details: HandbackError["details"] };

/** The result of a function's flow. */
export interface Measured {
  readonly ended: Ended;
  readonly billedMs: number;
  readonly blockedMs: number;
  readonly beta: number;
  readonly run: Run<Ended>;
}

/** Waits for the end of a call, a result or a failure. */
export async function endOf(call: Promise<unknown>): Promise<Ended> {
  try {
    return { value: await call };
  } catch (error) {
    if (!Errors.is(error)) throw error;
    return { code: error.code, message: error.message, details: error.details };
  }
}

/** Calls a function in a simulation and runs its flow to the end. */
export async function measure<Input>(
  f: Fn<Input, unknown>,
  input: Input,
  options: Partial<SimulateOptions> = {},
): Promise<Measured> {
  const run = await simulate(
    { ...options, functions: [f, ...((options.functions ?? []) as readonly object[])] },
    async (t) => {
      const ended = await endOf(t.client.call(f, input, { id: "flow" }));
      await t.idle();
      return ended;
    },
  );
  const { billedMs, blockedMs, beta } = await run.meter.flow("flow");
  return { ended: run.result, billedMs, blockedMs, beta, run };
}
