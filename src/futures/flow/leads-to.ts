import type { Address } from "../../core/message/address.ts";
import type { Envelope } from "../../core/message/envelope.ts";
import type { Json } from "../../core/data/json.ts";
import { combinatorOfType } from "../combinators/table.ts";
import { callControlOf } from "../protocol/call.ts";
import type { Consumer } from "../protocol/consumer.ts";
import { instanceOf, isBranch, isCall } from "../protocol/consumer.ts";
import { settledReplyKey } from "./record/settled-reply.ts";

type ReadControl = (address: Address, name: string) => Json | undefined;

/**
 * Returns the keys of the replies that cannot come before one of the messages is handled.
 *
 * It walks from the messages' consumers through the combinators that wait for them. A race or a
 * wait can spare some of its futures; the walk goes on from it only when too many are lost.
 */
export function* leadsTo(envelopes: Iterable<Envelope>, read: ReadControl): Generator<string> {
  /** The futures that cannot settle, by the address that waits for them. */
  const lost = new Map<string, Set<number>>();
  const walk: Consumer[] = [];
  for (const envelope of envelopes) walk.push(...callControlOf(envelope).consumers);
  for (let consumer = walk.pop(); consumer !== undefined; consumer = walk.pop()) {
    const instance = instanceOf(consumer);
    if (isCall(consumer)) walk.push(...consumer.consumers);
    else if (consumer.to === "answer" && "key" in consumer) yield consumer.key;
    else if (consumer.to === "flow" && "id" in consumer) yield settledReplyKey(consumer.id);
    else if (instance !== undefined) walk.push(...consumersBehind(instance, consumer, lost, read));
  }
}

/** Returns the consumers of an instance that cannot settle without this future, once. */
function consumersBehind(
  address: Address,
  consumer: Consumer,
  lost: Map<string, Set<number>>,
  read: ReadControl,
): readonly Consumer[] {
  const combinator = combinatorOfType(address.type);
  if (combinator === undefined) return [];
  const key = `${address.type}/${address.id}`;
  const missing = lost.get(key) ?? new Set();
  lost.set(key, missing);
  const before = missing.size;
  missing.add(isBranch(consumer) ? consumer.index : 0);
  const readValue = (name: string): Json | undefined => read(address, name);
  const isStuck = (count: number): boolean =>
    count > 0 && combinator.canSpare?.(readValue, count) !== true;
  return isStuck(missing.size) && !isStuck(before)
    ? combinator.consumersAt(readValue, address.id)
    : [];
}
