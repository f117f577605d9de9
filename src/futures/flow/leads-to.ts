import type { Address } from "../../core/message/address.ts";
import type { Envelope } from "../../core/message/envelope.ts";
import type { Json } from "../../core/data/json.ts";
import type { CallControl } from "../protocol/call.ts";
import { consumersOfCell } from "../combinators/cell.ts";
import type { Consumer } from "../protocol/consumer.ts";
import { consumersOfJoin } from "../combinators/join.ts";
import { consumersOfRace } from "../combinators/race.ts";
import { SYSTEM } from "../protocol/system.ts";
import { consumersOfWait } from "../combinators/wait.ts";

type ReadControl = (address: Address, name: string) => Json | undefined;
type ReadValue = (name: string) => Json | undefined;

/**
 * The keys of the answers that cannot come before one of the messages is handled: walks from their consumers through the joins
 * that have a slot for it and the cells that it settles. A race or a wait may do without one future, but not without all, or more of them
 * than it can spare.
 */
export function* leadsTo(envelopes: Iterable<Envelope>, read: ReadControl): Generator<string> {
  /** Which of their futures cannot settle, by address. */
  const stuck = new Map<string, Set<number>>();
  const walk: Consumer[] = [];
  for (const { control } of envelopes)
    walk.push(...((control as CallControl | undefined)?.consumers ?? []));
  for (let consumer = walk.pop(); consumer !== undefined; consumer = walk.pop()) {
    if (consumer.to === "answer") yield consumer.key;
    else if (consumer.to === "call") walk.push(...consumer.consumers);
    else if (consumer.to !== "flow") walk.push(...reach(consumer, stuck, read));
  }
}

/** The consumers of what cannot settle because this one cannot be served; none if it can spare that, or was there before. */
function reach(
  consumer: Exclude<Consumer, { to: "answer" | "call" | "flow" }>,
  stuck: Map<string, Set<number>>,
  read: ReadControl,
): readonly Consumer[] {
  const { id } = consumer;
  const type = TYPES[consumer.to];
  const place = `${type}/${id}`;
  const lost = stuck.get(place) ?? new Set();
  stuck.set(place, lost);
  const wasStuck = lost.size;
  lost.add("index" in consumer ? consumer.index : 0);
  const readValue: ReadValue = (name) => read({ type, id }, name);
  switch (consumer.to) {
    case "slot":
      return wasStuck > 0 ? [] : consumersOfJoin(readValue);
    case "cell":
      return wasStuck > 0 ? [] : consumersOfCell(readValue);
    case "race":
      return consumersOfRace(readValue, lost.size);
    case "tick":
      return consumersOfWait(readValue, lost.size);
  }
}

const TYPES = {
  slot: SYSTEM.join,
  cell: SYSTEM.cell,
  race: SYSTEM.race,
  tick: SYSTEM.wait,
} as const;
