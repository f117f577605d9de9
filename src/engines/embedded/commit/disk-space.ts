import type { Clock } from "../../../core/host/clock.ts";
import { HandbackError } from "../../../core/errors/errors.ts";
import type { Log } from "../../../core/host/log.ts";

/**
 * Delay before a commit that found the disk full is tried again. It doubles each time, up to the
 * longest.
 */
const FIRST_MS = 1_000;
const LONGEST_MS = 10_000;

/** Collaborators of {@link DiskSpace}. */
export interface DiskSpaceParts {
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Disk space, as far as commits can tell: the disk is full from the first commit that finds no
 * space until the next one that succeeds.
 *
 * RO1 The disk is reported full once, and free again once, however many attempts fail in between.
 */
export class DiskSpace {
  readonly #parts: DiskSpaceParts;
  #fullError: HandbackError | undefined;
  #delayMs = FIRST_MS;
  #retryNow: (() => void) | undefined;
  #hasStoppedWaiting = false;

  constructor(parts: DiskSpaceParts) {
    this.#parts = parts;
  }

  get isFull(): boolean {
    return this.#fullError !== undefined;
  }

  /** The error for a new request while the disk is full. */
  get refusal(): HandbackError | undefined {
    return this.#fullError && storeFull(this.#fullError, "this was not accepted", true);
  }

  /** Notes a commit that succeeded and tells whether the disk was full before it. */
  noteCommit(): boolean {
    if (this.#fullError === undefined) return false;
    this.#fullError = undefined;
    this.#delayMs = FIRST_MS;
    this.#parts.log.info("the disk has space again: the work kept in memory is being written");
    return true;
  }

  /**
   * Notes a commit that found the disk full. The first one after a success returns the error for
   * callers whose work is under way.
   */
  noteFull(error: HandbackError): HandbackError | undefined {
    if (this.#fullError !== undefined || this.#hasStoppedWaiting) return undefined;
    this.#fullError = error;
    this.#parts.log.error(
      `${error.message}; the work under way is kept in memory, and no new work is accepted until the disk has space`,
    );
    return storeFull(
      error,
      "this is kept in memory and tried again, and it is not known whether it will be done",
      false,
    );
  }

  /** Waits until it is time to retry. @throws `CLOSED` once waiting has been stopped */
  async waitForRetry(full: HandbackError): Promise<void> {
    if (this.#hasStoppedWaiting) throw closedWhileFull(full);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#retryNow = resolve;
    const cancel = this.#parts.clock.setTimer(this.#delayMs, resolve);
    this.#delayMs = Math.min(2 * this.#delayMs, LONGEST_MS);
    await promise;
    cancel();
  }

  /** Stops waiting: a commit that waits is tried now, for the last time. */
  stopWaiting(): void {
    this.#hasStoppedWaiting = true;
    this.#retryNow?.();
  }
}

function storeFull(cause: HandbackError, consequence: string, definite: boolean): HandbackError {
  return new HandbackError("STORE_FULL", `the disk is full; ${consequence}`, {
    details: { ...cause.details, definite },
    cause,
  });
}

function closedWhileFull(cause: HandbackError): HandbackError {
  const message =
    "the engine was closed while the disk was full; the next start shows whether unacknowledged work was kept";
  return new HandbackError("CLOSED", message, { cause });
}
