import type { Clock } from "../../src/index.ts";
import { systemClock } from "../../src/engines/embedded/host/system-clock.ts";

/** A clock that the driver can set forward or back. Time passes at its usual rate. */
class WallClock implements Clock {
  /** Difference from the machine's clock, in ms. */
  aheadMs = 0;

  now(): number {
    return systemClock.now() + this.aheadMs;
  }

  monotonicNs(): number {
    return systemClock.monotonicNs();
  }

  setTimer(delayMs: number, callback: () => void): () => void {
    return systemClock.setTimer(delayMs, callback);
  }
}

/** The clock of this process, for the engine and for the ledger. */
export const wallClock = new WallClock();
