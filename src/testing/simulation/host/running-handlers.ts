import { isThenable } from "../../../core/data/kind.ts";
import type { HandlerEnvironment } from "../../../futures/types/context.ts";
import type { FunctionSpec, OperationSpec } from "../../../futures/define/spec.ts";
import type { EventQueue } from "../machine/event-queue.ts";
import { attachSimulation } from "../../test-doubles/call-record.ts";
import type { SimulationAccess } from "../../test-doubles/call-record.ts";
import { isRecordedSpec } from "../../test-doubles/test-double.ts";
import type { Trace } from "../record/trace.ts";

/** A running handler. */
export interface RunningHandler {
  readonly spec: FunctionSpec;
  readonly id: string;
  /** The instant at which it is abandoned, if there is a timeout. */
  readonly deadline: number | undefined;
}

/** The parts of a process that its handlers use. */
export interface RunningHandlersParts {
  readonly eventQueue: EventQueue;
  readonly trace: Trace;
  readonly simulation: SimulationAccess;
}

/**
 * The running handlers of one process. Wraps each handler, and records its begin and end in the
 * trace.
 */
export class RunningHandlers {
  readonly #parts: RunningHandlersParts;
  readonly #running = new Set<RunningHandler>();

  constructor(parts: RunningHandlersParts) {
    this.#parts = parts;
  }

  get all(): readonly RunningHandler[] {
    return [...this.#running];
  }

  /** Forgets all handlers, because their process has ended. */
  clear(): void {
    this.#running.clear();
  }

  around(
    spec: FunctionSpec,
    operation: string,
    handler: OperationSpec["handler"],
  ): OperationSpec["handler"] {
    const { eventQueue, trace, simulation } = this.#parts;
    if (isRecordedSpec(spec) && !simulation.calls.has(spec.type))
      simulation.calls.set(spec.type, []);
    return (ctx: HandlerEnvironment, input: unknown) => {
      const { self, idempotencyKey: message } = ctx;
      attachSimulation(ctx, simulation);
      const deadline = spec.timeoutMs === undefined ? undefined : eventQueue.now() + spec.timeoutMs;
      const running: RunningHandler = { spec, id: self.id, deadline };
      this.#running.add(running);
      trace.add({ event: "run", function: spec.type, operation, id: self.id, message });
      return reportingEnd(
        () => handler(ctx, input),
        (failed) => {
          if (this.#running.delete(running))
            trace.add({ event: "end", function: spec.type, message, failed });
        },
      );
    };
  }
}

/** Runs a function that may be asynchronous, and reports its end. */
function reportingEnd(run: () => unknown, end: (failed: boolean) => void): unknown {
  let returned: unknown;
  try {
    returned = run();
  } catch (error) {
    end(true);
    throw error;
  }
  if (isThenable(returned)) {
    Promise.resolve(returned).then(
      () => end(false),
      () => end(true),
    );
  } else end(false);
  return returned;
}
