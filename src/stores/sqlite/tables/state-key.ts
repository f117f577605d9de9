import { digest } from "../../../core/crypto/digest.ts";
import { FLOW_DIGITS } from "../../../core/message/message-id.ts";

/**
 * A generated id: the number of the flow, maybe digits of a hash, and `@` in front for the id of a
 * state.
 */
const GENERATED = new RegExp(`^@?[0-9a-f]{${FLOW_DIGITS}}(?:[0-9a-f]{24})?$`);
/** Digits of the key: from the end of the flow's number, and from the start of the hash. */
const [NUMBER_DIGITS, HASH_DIGITS] = [8, 5];
/** Factor that leaves the digits of a missing hash zero. */
const NO_HASH = 16 ** HASH_DIGITS;

/**
 * Returns the number that the values of an instance are looked up by, below 2^52. Two instances may
 * share a number. The numbers of generated ids ascend with the flows, so that new entries come last
 * in the index, and those of one flow lie together.
 */
export function stateKey(id: string): number {
  if (!GENERATED.test(id))
    return Number.parseInt(digest(id).slice(0, NUMBER_DIGITS + HASH_DIGITS), 16);
  const end = FLOW_DIGITS + (id.startsWith("@") ? 1 : 0);
  const digits = Number.parseInt(id.slice(end - NUMBER_DIGITS, end + HASH_DIGITS), 16);
  return id.length === end ? digits * NO_HASH : digits;
}
