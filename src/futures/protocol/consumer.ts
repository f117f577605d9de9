import { addUsage, NO_USAGE, usageOfParking } from "../../core/activation/meter.ts";
import type { UsageTotals } from "../../core/activation/meter.ts";
import type { Address } from "../../core/message/address.ts";
import type { MessageId } from "../../core/message/message-id.ts";
import type { RunEnding } from "../types/run-ending.ts";

/**
 * The part of a settlement that a consumer takes.
 *
 * - `value`: the value; a rejection passes the consumer by and goes to its own consumers
 * - `settlement`: either, as a settlement object
 * - `completion`: the fact that it was fulfilled, without the value; a rejection passes on
 */
export type Want = "value" | "settlement" | "completion";

/** The data that every consumer may carry. */
type CarriedUsage = {
  readonly want?: Want | undefined;
  /** Index among the futures of a `wait`, for a settlement that names it. */
  readonly position?: number | undefined;
  /**
   * Usage of the runs so far. Only the first consumer of a list carries it, so nothing counts
   * twice.
   */
  readonly tally?: UsageTotals | undefined;
  /**
   * The scope of this consumer was canceled: only clean-up takes what comes. See `deliver.ts`.
   */
  readonly late?: true | undefined;
  /**
   * Handlers whose future settles with this consumer: their number, and the sum of the instants at
   * which they ended.
   */
  readonly parked?: readonly [handlers: number, endedAtSum: number] | undefined;
};

/** The call of a function whose input awaits the settlement: `before + settlement + after`. */
export type CallConsumer = CarriedUsage & {
  readonly to: "call";
  readonly id: MessageId;
  /** A type alone means an instance named after the call. */
  readonly target: Address | string;
  readonly caller?: Address | undefined;
  readonly name: string;
  readonly before?: string | undefined;
  readonly after?: string | undefined;
  readonly consumers: readonly Consumer[];
  readonly flow?: string | undefined;
  readonly scope?: string | undefined;
  /** A message whose outcome nobody awaits. A rejection becomes a dead letter. */
  readonly oneWay?: true | undefined;
  readonly delayMs?: number | undefined;
  /** The call creates the state that it goes to. */
  readonly creates?: true | undefined;
  readonly reply?: ReplyTo | undefined;
  readonly settles?: Settles | undefined;
  /** Its scope was canceled. The function gets that in place of the settlement. */
  readonly cancelled?: true | undefined;
  /**
   * A rejection waits until the work that it canceled has ended. A number limits the time of running
   * handlers, in ms.
   */
  readonly patience?: Patience | undefined;
  readonly actsFor?: ActsFor | undefined;
  /** The id that its idempotency key follows from. Default: its own. */
  readonly keyId?: MessageId | undefined;
  readonly traceparent?: string | undefined;
  /** A caller deals with its failure: neither it nor the calls that it makes pause. */
  readonly noPause?: true | undefined;
  readonly index?: undefined;
};

/** The earlier call that a call acts for: its idempotency key, and how its canceled work ended. */
export type ActsFor = {
  readonly key?: string;
  readonly run?: RunEnding;
};

/**
 * How long a rejection waits for the running handlers that it canceled: so many ms at most, or as
 * long as each of them may take.
 */
export type Patience = true | number;

/**
 * The place of a settlement in the input of a function that cleans up: the input itself, or its
 * `result`. Such a call is made even if its scope is canceled.
 */
export type Settles = "input" | "result";

/** The receiver of a function's `reply`. A name alone means that operation of its caller. */
export type ReplyTo = string | { readonly target: Address; readonly name: string };

/** Returns the address that a call goes to. */
export function callTarget({ id, target }: Pick<CallConsumer, "id" | "target">): Address {
  return typeof target === "string" ? { type: target, id } : target;
}

/**
 * Tells a combinator, such as `all` or `race`, that its branch `index` has settled. `to` is the
 * combinator's kind.
 */
export type BranchConsumer = CarriedUsage & {
  readonly to: string;
  readonly id: MessageId;
  readonly index: number;
};

/**
 * The receiver of a settlement. It travels with the message that will bring the settlement about,
 * so no function has to wait.
 *
 * - a branch of a combinator
 * - `cell`: settles the cell of a future that escaped; `spill` if it holds consumers that outgrew a
 * message
 * - `flow`: settles a flow
 * - `call`: calls a function
 * - `answer`: replies to the client or handler that waits for `key`
 */
export type Consumer =
  | BranchConsumer
  | CallConsumer
  | (CarriedUsage & {
      readonly to: "cell";
      readonly id: MessageId;
      readonly spill?: true | undefined;
      readonly index?: undefined;
    })
  | (CarriedUsage & {
      readonly to: "flow";
      readonly id: string;
      /** Number of the run that settles, if the flow was restarted. Default: its first run. */
      readonly run?: string | undefined;
      readonly index?: undefined;
    })
  | (CarriedUsage & { readonly to: "answer"; readonly key: string; readonly index?: undefined });

/*
 * Consumers are made with all fields that others fill in later. V8 copies an object fast if the copy
 * gets no new field (measured: 20 ns in place of 300 or more).
 */

/** Makes the consumer that settles a flow; `run`: the number of its run, unless it is the first. */
export function flowConsumer(id: string, run?: string): Consumer {
  const consumer: Consumer = {
    to: "flow",
    id,
    want: undefined,
    tally: undefined,
    parked: undefined,
  };
  return run === undefined ? consumer : { ...consumer, run };
}

/** Makes the consumer that settles a cell. */
export function cellConsumer(id: MessageId): Consumer {
  return { to: "cell", id, want: undefined, tally: undefined, parked: undefined };
}

/** Makes the consumer that tells a combinator of one of its branches. */
export function branchConsumer(to: string, id: MessageId, index: number): BranchConsumer {
  return { to, id, index, want: undefined, tally: undefined, parked: undefined };
}

/** Words of former releases for branches, and the function types that they mean. */
const FORMER_BRANCHES: ReadonlyMap<string, string> = new Map([
  ["slot", "_sys/join"],
  ["tick", "_sys/wait"],
]);
/** Function types by word, so that none is joined twice. */
const branchTypes = new Map(FORMER_BRANCHES);

/** Returns the function type of the combinator that a branch belongs to. */
export function branchType(word: string): string {
  let type = branchTypes.get(word);
  if (type === undefined) branchTypes.set(word, (type = `_sys/${word}`));
  return type;
}

/** Tells whether a consumer is a branch of a combinator. Only those have an index. */
export function isBranch(consumer: Consumer): consumer is BranchConsumer {
  return consumer.index !== undefined;
}

/**
 * Returns the address of the combinator's instance that a consumer belongs to, if it belongs to
 * one.
 */
export function instanceOf(consumer: Consumer): Address | undefined {
  const isCell = consumer.to === "cell" && "id" in consumer;
  return isCell || isBranch(consumer)
    ? { type: branchType(consumer.to), id: consumer.id }
    : undefined;
}

/** Adds usage to the first of the consumers. The list must not be empty. */
export function addCarriedUsage(
  consumers: readonly Consumer[],
  tally: UsageTotals,
  parked?: Consumer["parked"],
): readonly Consumer[] {
  const [first] = consumers;
  if (first === undefined || (tally === NO_USAGE && parked === undefined)) return consumers;
  const sum = addUsage(first.tally ?? NO_USAGE, tally);
  const loaded = { ...first, tally: sum, parked: addParked(first.parked, parked) };
  // Most lists have one consumer, and a list of one is made much faster than a changed copy.
  return consumers.length === 1 ? [loaded] : consumers.with(0, loaded);
}

function addParked(one: Consumer["parked"], other: Consumer["parked"]): Consumer["parked"] {
  if (one === undefined || other === undefined) return one ?? other;
  return [one[0] + other[0], one[1] + other[1]];
}

/** Returns the usage that the consumer carries, with the parked time that ends `now`. */
export function takeCarriedUsage(consumer: Consumer, now: number): UsageTotals {
  const tally = consumer.tally ?? NO_USAGE;
  if (consumer.parked === undefined) return tally;
  const [handlers, endedAtSum] = consumer.parked;
  return addUsage(tally, usageOfParking(Math.max(0, handlers * now - endedAtSum)));
}

/** Estimates the number of characters that the consumers take in a message. */
export function weighConsumers(consumers: readonly Consumer[]): number {
  let weight = 0;
  for (const consumer of consumers) {
    weight += 100;
    if (isCall(consumer))
      weight +=
        200 +
        (consumer.before?.length ?? 0) +
        (consumer.after?.length ?? 0) +
        weighConsumers(consumer.consumers);
  }
  return weight;
}

/** Marks consumers whose scope was canceled. */
export function toLate(consumers: readonly Consumer[]): readonly Consumer[] {
  return consumers.map((consumer) =>
    consumer.late === true ? consumer : { ...consumer, late: true },
  );
}

/** Tells whether a consumer's scope was canceled. */
export function isLate({ late }: Consumer): boolean {
  return late === true;
}

/** Tells whether a handler has run whose outcome these consumers wait for. */
export function hasRun([first]: readonly Consumer[]): boolean {
  return first !== undefined && (first.parked !== undefined || (first.tally?.[0] ?? 0) > 0);
}

/** Returns the longest patience of a consumer and of the calls that it leads to. */
export function patienceOf(consumer: Consumer): Patience | undefined {
  if (!isCall(consumer)) return undefined;
  return consumer.patience ?? longestPatience(consumer.consumers);
}

/** Returns the longest patience of several consumers. `true` counts as the longest. */
export function longestPatience(consumers: readonly Consumer[]): Patience | undefined {
  const all = consumers.map(patienceOf).filter((patience) => patience !== undefined);
  const times = all.filter((patience) => patience !== true);
  return times.length < all.length ? true : times.length > 0 ? Math.max(...times) : undefined;
}

/** Tells whether a consumer is the call of a function. */
export function isCall(consumer: Consumer): consumer is CallConsumer {
  return consumer.to === "call";
}
