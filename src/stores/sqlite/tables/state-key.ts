import { digest } from "../../../core/crypto/digest.ts";
import { FLOW_DIGITS } from "../../../core/message/message-id.ts";

/** An id that the system made: the flow's number, the digits of a hash perhaps, and `@` before them if it is that of a state. */
const GENERATED = new RegExp(`^@?[0-9a-f]{${FLOW_DIGITS}}(?:[0-9a-f]{24})?$`);
/** Digits at the end of a flow's number, and at the beginning of the hash, that are taken. */
const [NUMBER_DIGITS, HASH_DIGITS] = [8, 5];
/** What stands for the digits of a hash that is not there. */
const NO_HASH = 16 ** HASH_DIGITS;

/**
 * A number under which the values of an instance are looked up, below 2^52; now and then two instances share one. What the system makes
 * ascends with the flows, so that new entries come last in the index, and those of one flow lie together.
 */
export function stateKey(id: string): number {
  if (!GENERATED.test(id))
    return Number.parseInt(digest(id).slice(0, NUMBER_DIGITS + HASH_DIGITS), 16);
  const end = FLOW_DIGITS + (id.startsWith("@") ? 1 : 0);
  const digits = Number.parseInt(id.slice(end - NUMBER_DIGITS, end + HASH_DIGITS), 16);
  return id.length === end ? digits * NO_HASH : digits;
}
