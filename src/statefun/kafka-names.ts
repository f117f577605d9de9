import { checkedBy, invalidOption, withDefault } from "../core/validation/options.ts";
import type { Replies } from "../futures/client/replies.ts";
import { SYSTEM } from "../futures/protocol/system.ts";

/** The functions that clients of a cluster ask. A cluster cannot pause. */
const ASKED = { flow: true, cell: true, secret: true, process: true } as const satisfies Readonly<
  Record<Exclude<keyof Replies, "pause">, true>
>;

/** Names of the way of clients through Kafka, for them and for the cluster. */
export interface KafkaNames {
  /** Topics of requests, by the type of the function that gets them. */
  readonly requests: ReadonlyMap<string, string>;
  /** Topic of replies and dead letters. */
  readonly replies: string;
  /** Id of the ingress that reads the requests. */
  readonly ingress: string;
  /** Type of the egress that writes the replies. */
  readonly egress: string;
}

/** Makes the names of a way: `handback.flow`, `handback.replies`, `handback/replies` and so on. */
export function kafkaNames(name: string): KafkaNames {
  const kinds = Object.keys(ASKED) as readonly (keyof typeof ASKED)[];
  return {
    requests: new Map(kinds.map((kind) => [SYSTEM[kind], `${name}.${kind}`])),
    replies: `${name}.replies`,
    ingress: `${name}/requests`,
    egress: `${name}/replies`,
  };
}

/** The option that names a way. */
export const KAFKA_NAME = withDefault("handback", checkedBy<string>(readName));

function readName(value: unknown, name: string): string {
  if (typeof value === "string" && /^[\w-][\w.-]{0,199}$/.test(value)) return value;
  throw invalidOption(name, "1 to 200 letters, digits and . _ -", value);
}
