import type { Address } from "../core/address.ts";
import type { Envelope } from "../core/envelope.ts";
import type { Json } from "../core/json.ts";
import type { CallControl } from "./call.ts";
import { consumersOfCell } from "./cell.ts";
import { consumersOfJoin } from "./join.ts";
import { system } from "./system.ts";

type ReadControl = (address: Address, name: string) => Json | undefined;
/**
 * The keys of the answers that cannot come before a message is handled: walks from its consumers through the joins that
 * have a slot for it and the cells that it settles. A `wait` may do without it, so the walk ends there.
 */
export function* leadsTo(envelope: Envelope, read: ReadControl): Generator<string> {
  const { consumers } = (envelope.control ?? { consumers: [] }) as CallControl;
  const seen = new Set<string>();
  const walk = [...(consumers ?? [])];
  for (let consumer = walk.pop(); consumer !== undefined; consumer = walk.pop()) {
    if (consumer.to === "answer") yield consumer.key;
    else if (consumer.to === "call") walk.push(...consumer.consumers);
    else if ((consumer.to === "slot" || consumer.to === "cell") && !seen.has(consumer.id)) {
      seen.add(consumer.id);
      const at = system(consumer.to === "slot" ? "join" : "cell", consumer.id);
      const consumersOf = consumer.to === "slot" ? consumersOfJoin : consumersOfCell;
      walk.push(...consumersOf((name) => read(at, name)));
    }
  }
}
