import type { FlowAttribute, FlowStatusName, ListedFlow } from "../../core/engine/flow-index.ts";
import type { PausedCall } from "../types/paused-call.ts";

/** A flow as `client.flows` lists it. */
export interface FlowSummary {
  /** The flow's key. */
  readonly id: string;
  /** Type of the function that was started, `namespace/name`. */
  readonly function: string;
  /** `parked`: it is pending, and a message of it waits for code that is not registered. */
  readonly status: FlowStatusName;
  /** Instants, in ms since the epoch. */
  readonly startedAt: number;
  readonly settledAt: number | undefined;
  /** The values that `ctx.setAttributes` gave it. */
  readonly attributes: Readonly<Record<string, FlowAttribute>>;
  /** Its calls that failed and wait for a person. Absent unless it is `paused`. */
  readonly paused?: readonly PausedCall[];
  /** The instant at which `client.pause` paused it. Absent unless it did. */
  readonly pausedAt?: number;
}

/** Returns a listed flow as users see it. */
export function flowSummary(flow: ListedFlow): FlowSummary {
  const { key, type, status, startedAt, settledAt, attributes = [] } = flow;
  return {
    id: key,
    function: type,
    status,
    startedAt,
    settledAt,
    attributes: Object.fromEntries(attributes),
  };
}
