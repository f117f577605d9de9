import { formatAddress } from "../../../core/message/address.ts";
import type { Address } from "../../../core/message/address.ts";
import type { Log } from "../../../core/host/log.ts";

/** Time for which a handler may keep the event loop to itself unremarked. */
const LONG_NS = 1_000_000_000;

/**
 * Says in the log, afterwards, which handler kept the event loop to itself for a second or longer: nothing else ran
 * meanwhile, no timer and no other handler. Measured from its start to its first wait. One that never lets go cannot be
 * interrupted, nor told of, from within the process.
 */
export function reportEventLoopStall(log: Log, target: Address, ns: number): void {
  if (ns < LONG_NS) return;
  const address = formatAddress(target);
  log.warn(`a handler of ${address} kept the event loop to itself for ${Math.round(ns / 1e6)} ms`, {
    address,
  });
}
