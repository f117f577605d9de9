import type { Operation } from "../plan/operation.ts";
import { blockedHandlers } from "./blocked.ts";
import { operationLog } from "./operation-log.ts";
import { cancelledFlows } from "./cancelled.ts";
import { counters } from "./counter.ts";
import { events } from "./event.ts";
import { fanOuts } from "./fan-out.ts";
import { keylessFlows } from "./keyless.ts";
import type { Kind } from "./kind.ts";
import { logs } from "./log.ts";
import { orders } from "./order.ts";
import { promises } from "./promise.ts";
import { retriedHandlers } from "./retried.ts";
import { timers } from "./timer.ts";
import { transfers } from "./transfer.ts";

/** All kinds of objects. */
export const allKinds: readonly Kind[] = [
  logs,
  transfers,
  fanOuts,
  timers,
  promises,
  events,
  counters,
  cancelledFlows,
  blockedHandlers,
  retriedHandlers,
  keylessFlows,
  orders,
];

/** All functions to register. */
export const allFunctions: readonly object[] = [
  operationLog,
  ...allKinds.flatMap(({ functions }) => functions),
];

/** Returns the kind of an operation. */
export function kindOf({ lot }: Operation): Kind {
  const kind = allKinds[lot % allKinds.length];
  if (kind === undefined) throw new Error("there are no kinds");
  return kind;
}
