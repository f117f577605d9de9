import type { Scheduler } from "../../../core/host/scheduler.ts";

/** The machine's way: after what has arrived meanwhile, and in turn. */
export const systemScheduler: Scheduler = {
  soon: (step) => void setImmediate(step),
  choose: () => 0,
};
