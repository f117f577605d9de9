import type { Clock } from "../../src/index.ts";
import { systemClock } from "../../src/engines/embedded/host/system-clock.ts";

/** A clock that the driver sets, forward or back, while time passes as ever. */
class WallClock implements Clock {
  /** By how much it is ahead of the machine's, in ms. */
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
