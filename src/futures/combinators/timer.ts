import { parseInstant } from "../../core/validation/duration.ts";
import { noteWait } from "../history/note-work.ts";
import { planOf } from "../protocol/combinator.ts";
import type { Combinator } from "../protocol/combinator.ts";
import { deliverCancelled, deliverSettlement } from "../protocol/deliver.ts";
import type { Plan } from "../protocol/node.ts";
import { SETTLED_UNDEFINED } from "../protocol/settled.ts";
import type { Settled } from "../protocol/settled.ts";
import { scheduleControl, systemAddress, systemFunction } from "../protocol/system.ts";

/** A timer: the instant, and the settlement if it is not `undefined`. */
export interface TimerDetails {
  readonly dueAt: number;
  readonly settled?: Settled;
  /** The settlement in the words of the first release, from which the id of a flushed timer follows. */
  readonly former?: () => Settled;
}

/** Plans a timer. */
export function timerPlan(details: TimerDetails): Plan {
  return planOf(timer, [], details);
}

/**
 * The combinator of `ctx.sleep` and `ctx.sleepUntil`: a delayed message that settles its consumers
 * when it arrives or is canceled. A timer has no state.
 */
export const timer: Combinator<TimerDetails> = {
  kind: "timer",
  definitions: [
    systemFunction("timer", [], {
      due(activation, { consumers, flow, settled = SETTLED_UNDEFINED }) {
        const isFired = activation.withdrawn === undefined;
        const { id } = activation.envelope;
        const type = isFired ? "timerFired" : "timerCancelled";
        noteWait(activation, { id, flow }, { type, at: activation.now, timer: id });
        if (isFired) return deliverSettlement(activation, consumers, settled, flow);
        deliverCancelled(activation, consumers, { what: "the timer", run: "neverBegan", flow });
      },
    }),
  ],
  methods: {
    sleep: (context, duration) =>
      context.add(timerPlan({ dueAt: context.dueAt(duration, "the duration of ctx.sleep") })),
    sleepUntil: (context, instant) =>
      context.add(timerPlan({ dueAt: parseInstant(instant, "the instant of ctx.sleepUntil") })),
  },
  compile({ activation, flow }, { id }, { details: { dueAt, settled } }, { scope, consumers }) {
    const control = {
      consumers,
      ...(flow !== undefined && { flow }),
      ...(settled !== undefined && { settled }),
    };
    const message = { target: systemAddress("timer", id), name: "due", control };
    scheduleControl(activation, message, { id, dueAt, scope: scope.id });
    const at = activation.environment.clock.now();
    noteWait(activation, { id, flow }, { type: "timerSet", at, timer: id, dueAt });
  },
  consumersAt: () => [],
  describe: () => ({ kind: "timer", name: "" }),
};
