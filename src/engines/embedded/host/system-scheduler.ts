import type { Scheduler } from "../../../core/host/scheduler.ts";
import { setImmediate } from "../../../machine/real-time.ts";

/** The scheduler of the machine: steps run after pending I/O, and addresses take turns. */
export const systemScheduler: Scheduler = {
  soon: (step) => void setImmediate(step),
  choose: () => 0,
};
