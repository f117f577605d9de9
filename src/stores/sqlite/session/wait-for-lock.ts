import { HandbackError } from "../../../core/errors/errors.ts";
import { sleep } from "../../../machine/real-time.ts";

/** Time, in ms, between two attempts. */
const PAUSE_MS = 50;

/** For how long to wait, in ms, by the code of the error that an attempt throws. */
export interface LockPatience {
  /** Another engine has the store open. */
  readonly STORE_LOCKED?: number;
  /** Another program has locked the file. */
  readonly STORE_BUSY?: number;
}

/**
 * Tries again while a lock keeps an attempt from succeeding, and rejects with the last error once
 * the patience is over.
 *
 * @param onWait - called once, before the first pause
 */
export async function waitForLock<Result>(
  attempt: () => Result,
  patience: LockPatience,
  onWait: (reason: HandbackError) => void = () => undefined,
): Promise<Result> {
  for (let waitedMs = 0; ; waitedMs += PAUSE_MS) {
    try {
      return attempt();
    } catch (error) {
      if (!HandbackError.is(error, "STORE_LOCKED", "STORE_BUSY")) throw error;
      if (waitedMs >= (patience[error.code as keyof LockPatience] ?? 0)) throw error;
      if (waitedMs === 0) onWait(error);
    }
    await sleep(PAUSE_MS);
  }
}
