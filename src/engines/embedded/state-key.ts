import { digest } from "../../core/digest.ts";
import { FLOW_DIGITS } from "../../core/message-id.ts";

/** An id that the system made: the flow's number, the digits of a hash perhaps, and `@` before them if it is that of a state. */
const GENERATED = new RegExp(`^@?([0-9a-f]{${FLOW_DIGITS}})([0-9a-f]{24})?$`);
/** Digits at the end of a flow's number, and at the beginning of the hash, that are taken. */
const [NUMBER_DIGITS, HASH_DIGITS] = [8, 5];

/**
 * A number under which the values of an instance are looked up, below 2^52; now and then two instances share one. What the system makes
 * ascends with the flows, so that new entries come last in the index, and those of one flow lie together.
 */
export function stateKey(id: string): number {
  const [, number, hash = ""] = GENERATED.exec(id) ?? [];
  const digits = number === undefined ? digest(id) : number.slice(-NUMBER_DIGITS) + hash.slice(0, HASH_DIGITS).padEnd(HASH_DIGITS, "0");
  return Number.parseInt(digits.slice(0, NUMBER_DIGITS + HASH_DIGITS), 16);
}
