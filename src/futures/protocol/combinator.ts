import type { Activation } from "../../core/activation/activation.ts";
import type { Definition } from "../../core/activation/definition.ts";
import type { Json } from "../../core/data/json.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import type { UsageTotals } from "../../core/activation/meter.ts";
import type { Address } from "../../core/message/address.ts";
import type { MessageId } from "../../core/message/message-id.ts";
import type { Consumer, Want } from "./consumer.ts";
import { CYCLE_PROBE } from "./cycle-detection.ts";
import type { Graph } from "./graph.ts";
import type { CycleProbe } from "./messages.ts";
import type { CombinatorPlan, Need, Node, Plan } from "./node.ts";
import type { PendingFuture } from "./pending-future.ts";
import type { Scope } from "./scope.ts";
import type { RunEnding } from "../types/run-ending.ts";

/**
 * A kind of future that the system settles: `all`, `race`, `wait`, `sleep`, `event`.
 *
 * One value of this interface holds all that is known of the kind. The table of combinators lists
 * them, and everything else loops over the table: the handler's context, compiling a graph,
 * registering system functions, walking from a future to its waiters.
 */
export interface Combinator<Details = unknown> {
  /**
   * The one word for it: in the graph, in consumers (`to`), and in the name of its system function.
   */
  readonly kind: string;
  /** Its system functions. Older stores may hold instances of a former one. */
  readonly definitions: readonly Definition[];
  /** The methods that it adds to a handler's context, by name. */
  readonly methods?: Readonly<Record<string, ContextMethod>>;
  /** It acts even if nothing consumes its outcome: a race cancels its losers. */
  readonly isActive?: boolean;
  /** Sends the messages for a node of the graph, whose consumers are all known. */
  compile?(graph: Graph, node: Node, plan: CombinatorPlan<Details>, compiled: Compiled): void;
  /** Returns the consumers that wait at the instance `id`. */
  consumersAt(read: ReadValue, id: string): readonly Consumer[];
  /**
   * Tells whether an instance can settle although `lost` of its futures never do. The default is
   * no.
   */
  canSpare?(read: ReadValue, lost: number): boolean;
  /** Describes an instance to people who look at a flow's waits. */
  describe(
    address: Address,
    read: ReadValue,
  ): { readonly kind: WaitingKind; readonly name: string };
}

/** The kinds of futures in a flow's waits. */
export type WaitingKind =
  | "all"
  | "race"
  | "first"
  | "wait"
  | "future"
  | "promise"
  | "event"
  | "timer"
  | "paused";

/** Reads one value of an instance. */
export type ReadValue = (name: string) => Json | undefined;

/** A node's scope and consumers, known once every later node is compiled. */
export interface Compiled {
  readonly scope: Scope;
  readonly consumers: readonly Consumer[];
}

/** A method of a handler's context that adds a future to the graph. Its arguments are unchecked. */
export type ContextMethod = (context: FutureMaker, ...args: readonly unknown[]) => PendingFuture;

/** The part of a handler's context that combinators build futures with. */
export interface FutureMaker {
  /** Type of the running function, for messages. */
  readonly type: string;
  readonly graph: Graph;
  now(): number;
  /**
   * Checks a list of futures and returns them as needs. @throws `NOT_A_FUTURE`, `FOREIGN_FUTURE`
   */
  needs(futures: unknown, what: string, want?: Want): readonly Need[];
  /** Checks one future. @throws `NOT_A_FUTURE`, `FOREIGN_FUTURE` */
  need(future: unknown): Need;
  /** Adds a node to the graph. */
  add(plan: Plan, id?: MessageId): PendingFuture;
  /** Returns the instant `duration` from now. @throws `INVALID_DELAY` */
  dueAt(duration: unknown, what: string): number;
  /** Returns the flow's key. @throws `NOT_FOUND` below a one-way message */
  requireFlow(what: string): string;
  /** Checks the name of an event against those that the function declares. @throws `INVALID_NAME` */
  eventName(name: unknown): string;
}

/** Makes the plan of a combinator's node. */
export function planOf<Details>(
  combinator: Pick<Combinator<Details>, "kind">,
  needs: readonly Need[],
  details: Details,
): CombinatorPlan<Details> {
  return { kind: "combinator", of: combinator.kind, needs, details };
}

/** A branch has settled. Its value or failure is the payload of the message. */
export type BranchSettled = {
  readonly index: number;
  readonly ok: boolean;
  readonly tally: UsageTotals;
  /** The scope of the combinator was canceled, so every other branch settles soon, too. */
  readonly late?: true | undefined;
  /** How the work of a late branch ended that was rejected. */
  readonly run?: RunEnding | undefined;
};

/**
 * Name of the message that opens an instance. Every other message of a branch is its settlement.
 */
export const OPEN = "open";

/** Name of the message that an instance sends itself for a later instant. */
export const TIMEOUT = "timeout";

/**
 * The handlers of a combinator's system function, whose opening message has data of type `Open`.
 */
export interface InstanceHandlers<Open> {
  readonly type: string;
  readonly valueNames: readonly string[];
  open(activation: Activation, opening: Open): void;
  /** A branch has settled. */
  settle(activation: Activation, branch: BranchSettled): void;
  /** The scope of the instance was canceled. */
  cancel?(activation: Activation): void;
  /** A cycle probe has arrived. */
  probe?(activation: Activation, probe: CycleProbe): void;
  /** The timer that the instance set is due. */
  timeout?(activation: Activation): void;
}

/** Makes the system function of a combinator that is opened once, and whose branches settle. */
export function combinatorFunction<Open>(handlers: InstanceHandlers<Open>): Definition {
  const { type, valueNames } = handlers;
  const receive = (activation: Activation): void => {
    const { name, control } = activation.envelope;
    if (activation.withdrawn !== undefined && handlers.cancel !== undefined)
      return handlers.cancel(activation);
    switch (name) {
      case OPEN:
        return handlers.open(activation, control as Open);
      case CYCLE_PROBE:
        return handlers.probe?.(activation, control as CycleProbe);
      case TIMEOUT:
        return handlers.timeout?.(activation);
      default:
        return handlers.settle(activation, control as BranchSettled);
    }
  };
  return { type, valueNames, system: true, receive };
}

/**
 * Reads an instance's state, and refuses a format that this release does not know. @throws
 * `FORMAT_TOO_NEW`
 */
export function readVersioned<State extends { readonly v?: number }>(
  activation: Activation,
  name: string,
  newest: number,
): State | undefined {
  const stored = activation.json(name) as State | undefined;
  const version = stored?.v ?? 0;
  if (version <= newest) return stored;
  throw new HandbackError(
    "FORMAT_TOO_NEW",
    `the value ${name} of ${activation.address.type} has format ${version}, and this release reads up to ${newest}`,
  );
}
