import type { Address } from "handback";
import { addressKey, decodeEnvelope, encodeEnvelope } from "handback/engine";
import type { Envelope } from "handback/engine";
import type { SeededRandom } from "handback/testing";

/** A message on the wire. It is not read before it is handled. */
export interface Parcel {
  readonly target: Address;
  readonly text: string;
}

/** Encodes a message for the wire. */
export function pack(envelope: Envelope): Parcel {
  const { head, payload } = encodeEnvelope(envelope);
  return { target: envelope.target, text: JSON.stringify([envelope.id, head, payload]) };
}

/** Decodes a message that {@link pack} encoded. */
export function unpack({ text }: Parcel): Envelope {
  const [id = "", head = "", payload = ""] = JSON.parse(text) as readonly string[];
  return decodeEnvelope(id, { head, payload });
}

/** Messages in transit: in order within a pair of sender and target, in any order between pairs. */
export class Network {
  readonly #random: SeededRandom;
  readonly #channels = new Map<string, Parcel[]>();
  /** Keys of the channels that hold messages. */
  readonly #busy: string[] = [];

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  get isEmpty(): boolean {
    return this.#busy.length === 0;
  }

  put(sender: string, parcel: Parcel): void {
    const key = `${sender}\n${addressKey(parcel.target)}`;
    const channel = this.#channels.get(key);
    if (channel !== undefined) return void channel.push(parcel);
    this.#channels.set(key, [parcel]);
    this.#busy.push(key);
  }

  /** Takes the first message of a pair chosen at random. */
  take(): Parcel | undefined {
    const at = this.#random.below(this.#busy.length);
    const key = this.#busy[at] ?? "";
    const channel = this.#channels.get(key);
    const parcel = channel?.shift();
    if (channel?.length === 0) {
      this.#channels.delete(key);
      const last = this.#busy.pop() ?? "";
      if (last !== key) this.#busy[at] = last;
    }
    return parcel;
  }
}
