import { formatAddress } from "../../core/address.ts";
import type { Definition } from "../../core/definition.ts";
import type { Log } from "../../core/log.ts";

/** Time for which a handler may keep the event loop to itself unremarked. */
const LONG_NS = 1_000_000_000;

/**
 * Says in the log, afterwards, which handler kept the event loop to itself for a second or longer: nothing else ran
 * meanwhile, no timer and no other handler. Measured from its start to its first wait. One that never lets go cannot be
 * interrupted, nor told of, from within the process.
 */
export function reportingLongTurns(definition: Definition): Definition {
  return {
    ...definition,
    receive(activation) {
      const { clock, log } = activation.environment;
      const startNs = clock.monotonicNs();
      try {
        return definition.receive(activation);
      } finally {
        const ns = clock.monotonicNs() - startNs;
        if (ns >= LONG_NS) report(log, formatAddress(activation.address), ns);
      }
    },
  };
}

function report(log: Log, address: string, ns: number): void {
  log.warn(`a handler of ${address} kept the event loop to itself for ${Math.round(ns / 1e6)} ms`, { address });
}
