import type { Fn, HandbackError } from "handback";
import { HandbackError as Errors } from "handback";
import { simulate } from "handback/testing";
import type { Run, SimulateOptions } from "handback/testing";

/** How a call ended, as data that can be compared. */
export type Ended =
  | { readonly value: unknown }
  | { readonly code: string; readonly message: string; readonly details: HandbackError["details"] };

/** What a function's flow came to. */
export interface Measured {
  readonly ended: Ended;
  readonly billedMs: number;
  readonly blockedMs: number;
  readonly beta: number;
  readonly run: Run<Ended>;
}

/** Waits for the end of a call, whichever it is. */
export async function endOf(call: Promise<unknown>): Promise<Ended> {
  try {
    return { value: await call };
  } catch (error) {
    if (!Errors.is(error)) throw error;
    return { code: error.code, message: error.message, details: error.details };
  }
}

/** Calls a function in a simulation until nothing of its flow is left to be done. */
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
