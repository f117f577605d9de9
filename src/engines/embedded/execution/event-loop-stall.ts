import { formatAddress } from "../../../core/message/address.ts";
import type { Address } from "../../../core/message/address.ts";
import type { WorkLog } from "../../../core/host/work-log.ts";

/** Time for which a handler may block the event loop without a warning. */
const STALL_NS = 1_000_000_000;

/**
 * Warns about a handler that has blocked the event loop for a second or longer: no timer and no
 * other handler ran meanwhile. The time is measured from its start to its first wait. A handler
 * that never lets go can be neither interrupted nor reported from within the process.
 */
export function reportEventLoopStall(workLog: WorkLog, target: Address, ns: number): void {
  if (ns < STALL_NS) return;
  const address = formatAddress(target);
  const ms = Math.round(ns / 1e6);
  workLog.write({
    level: "warn",
    event: "eventLoopBlocked",
    subject: target.type,
    message: `a handler of ${address} kept the event loop to itself for ${ms} ms`,
    fields: { address },
  });
}
