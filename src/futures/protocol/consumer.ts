import type { Address } from "../../core/message/address.ts";
import type { MessageId } from "../../core/message/message-id.ts";
import { addUsage, NO_USAGE, usageOfParking } from "../../core/activation/meter.ts";
import type { UsageTotals } from "../../core/activation/meter.ts";

/**
 * What a consumer takes of a settlement.
 *
 * - `value`: the value; a rejection passes it by and on to its own consumers
 * - `settlement`: either, as a settlement object
 * - `completion`: that it was fulfilled, without the value; a rejection passes on
 */
export type Want = "value" | "settlement" | "completion";

/** What every consumer may carry. */
type CarriedUsage = {
  readonly want?: Want | undefined;
  /** Place among the futures of a `wait`, for a settlement that is to name it. */
  readonly position?: number | undefined;
  /** Sums of the runs so far. Only the first consumer of a list carries any, so that nothing is counted twice. */
  readonly tally?: UsageTotals | undefined;
  /** Handlers whose future settles when this consumer is served: how many, and the sum of the instants at which they ended. */
  readonly parked?: readonly [handlers: number, endedAtSum: number];
};

/** The call of a function whose input awaits the settlement: `before + settlement + after`. */
export type CallConsumer = CarriedUsage & {
  readonly to: "call";
  readonly id: MessageId;
  /** A type alone: an instance named after the call. */
  readonly target: Address | string;
  readonly caller?: Address | undefined;
  readonly name: string;
  readonly before?: string | undefined;
  readonly after?: string | undefined;
  readonly consumers: readonly Consumer[];
  readonly flow?: string | undefined;
  readonly scope?: string | undefined;
  /** A message nobody awaits: a rejection is dead-lettered. */
  readonly oneWay?: true | undefined;
  readonly delayMs?: number | undefined;
  /** The call creates the state it goes to. */
  readonly creates?: true | undefined;
  readonly reply?: ReplyTo | undefined;
  readonly settles?: Settles | undefined;
  /** Its scope was cancelled: it learns of that in place of the settlement. */
  readonly cancelled?: true | undefined;
};

/**
 * Where in its input a function takes a settlement, to clean up if that is a rejection: it is the input, or its `result`.
 * Such a call is made although its scope is cancelled.
 */
export type Settles = "input" | "result";

/** Where a function's `reply` goes; a name alone: to that operation of its caller. */
export type ReplyTo = string | { readonly target: Address; readonly name: string };

/** The address that is called. */
export function callTarget({ id, target }: Pick<CallConsumer, "id" | "target">): Address {
  return typeof target === "string" ? { type: target, id } : target;
}

/**
 * What is to be done with a settlement. Travels with the message that will bring it about, so that nothing waits.
 *
 * - `slot`: fill slot `index` of a join
 * - `cell`: settle the cell of a future that escaped; `spill` when it holds consumers that outgrew a message
 * - `flow`: settle a flow
 * - `call`: call a function
 * - `race`: tell a race that its branch `index` has settled
 * - `tick`: tell a wait that its future `index` has settled
 * - `answer`: answer whoever waits for `key`
 */
export type Consumer =
  | (CarriedUsage & { readonly to: "slot"; readonly id: MessageId; readonly index: number })
  | (CarriedUsage & {
      readonly to: "cell";
      readonly id: MessageId;
      readonly spill?: true | undefined;
    })
  | (CarriedUsage & { readonly to: "flow"; readonly id: string })
  | (CarriedUsage & { readonly to: "race"; readonly id: MessageId; readonly index: number })
  | (CarriedUsage & { readonly to: "tick"; readonly id: MessageId; readonly index: number })
  | (CarriedUsage & { readonly to: "answer"; readonly key: string })
  | CallConsumer;

/** Adds to what the first of the consumers carries. The list must not be empty. */
export function addCarriedUsage(
  consumers: readonly Consumer[],
  tally: UsageTotals,
  parked?: readonly [number, number],
): readonly Consumer[] {
  const [first, ...rest] = consumers;
  if (first === undefined || (tally === NO_USAGE && parked === undefined)) return consumers;
  const sum = addUsage(first.tally ?? NO_USAGE, tally);
  const waiting = first.parked ?? [0, 0];
  const loaded: Consumer = { ...first, tally: sum };
  return [
    parked === undefined
      ? loaded
      : { ...loaded, parked: [waiting[0] + parked[0], waiting[1] + parked[1]] },
    ...rest,
  ];
}

/** What the consumer carries, with the parked time that ends `now`. */
export function takeCarriedUsage(consumer: Consumer, now: number): UsageTotals {
  const tally = consumer.tally ?? NO_USAGE;
  if (consumer.parked === undefined) return tally;
  const [handlers, endedAtSum] = consumer.parked;
  return addUsage(tally, usageOfParking(Math.max(0, handlers * now - endedAtSum)));
}

/** About how many characters the consumers take in a message. */
export function weighConsumers(consumers: readonly Consumer[]): number {
  let weight = 0;
  for (const consumer of consumers) {
    weight += 100;
    if (consumer.to === "call")
      weight +=
        200 +
        (consumer.before?.length ?? 0) +
        (consumer.after?.length ?? 0) +
        weighConsumers(consumer.consumers);
  }
  return weight;
}
