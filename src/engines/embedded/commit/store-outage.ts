import type { Clock } from "../../../core/host/clock.ts";
import { HandbackError } from "../../../core/errors/errors.ts";
import type { Log } from "../../../core/host/log.ts";

/** How the engine treats one kind of outage. All times are in ms. */
interface OutageKind {
  /** Delay before the first retry. It doubles each time, up to `longestMs`. */
  readonly firstMs: number;
  readonly longestMs: number;
  /** Time for which the engine waits before it refuses requests. */
  readonly patienceMs: number;
  /** Time for which a closing engine waits. */
  readonly closingMs: number;
  readonly state: string;
  readonly pastState: string;
  readonly end: string;
}

/** The failures of a commit that certainly did not happen and can be tried again. */
const KINDS = {
  STORE_FULL: {
    firstMs: 1_000,
    longestMs: 10_000,
    patienceMs: 0,
    closingMs: 0,
    state: "the disk is full",
    pastState: "the disk was full",
    end: "the disk has space again",
  },
  STORE_BUSY: {
    firstMs: 50,
    longestMs: 1_000,
    patienceMs: 10_000,
    closingMs: 5_000,
    state: "another program has locked the store",
    pastState: "another program had locked the store",
    end: "the store is no longer locked",
  },
} as const satisfies Record<string, OutageKind>;

/** A failure of a commit that can be tried again. */
export type OutageError = HandbackError & { readonly code: keyof typeof KINDS };

/** Returns whether a failed commit certainly did not happen and can be tried again. */
export function isOutage(error: unknown): error is OutageError {
  return HandbackError.is(error) && Object.hasOwn(KINDS, error.code);
}

/** Collaborators of {@link StoreOutage}. */
export interface StoreOutageParts {
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * A time in which the store takes no commits: the disk is full, or another program has locked the
 * store. It lasts from the first commit that fails so until the next one that succeeds.
 *
 * RO1 An outage is reported once, and its end once, however many attempts fail in between.
 */
export class StoreOutage {
  readonly #parts: StoreOutageParts;
  #error: OutageError | undefined;
  #delayMs = 0;
  #waitedMs = 0;
  #waitedToCloseMs = 0;
  #isRefusing = false;
  #retryNow: (() => void) | undefined;
  #hasStoppedWaiting = false;

  constructor(parts: StoreOutageParts) {
    this.#parts = parts;
  }

  /** Tells whether requests are refused and no handler starts. */
  get isRefusing(): boolean {
    return this.#isRefusing;
  }

  /** The error for a new request while requests are refused. */
  get refusal(): HandbackError | undefined {
    if (this.#error === undefined || !this.#isRefusing) return undefined;
    return outageError(this.#error, "this was not accepted", true);
  }

  /** Notes a commit that succeeded and tells whether requests were refused before it. */
  noteCommit(): boolean {
    if (this.#error === undefined) return false;
    const wasRefusing = this.#isRefusing;
    this.#parts.log.info(`${kindOf(this.#error).end}: the work kept in memory is being written`);
    this.#error = undefined;
    this.#isRefusing = false;
    return wasRefusing;
  }

  /**
   * Notes a commit that failed. When requests are refused from now on, returns the error for
   * callers whose work is under way.
   */
  noteFailure(error: OutageError): HandbackError | undefined {
    if (this.#hasStoppedWaiting) return undefined;
    if (this.#error?.code !== error.code) this.#begin(error);
    const { patienceMs, state } = kindOf(error);
    if (this.#isRefusing || this.#waitedMs < patienceMs) return undefined;
    this.#isRefusing = true;
    this.#parts.log.error(
      `${error.message}; the work under way is kept in memory, and no new work is accepted while ${state}`,
    );
    return outageError(
      error,
      "this is kept in memory and tried again, and it is not known whether it will be done",
      false,
    );
  }

  /** Waits until it is time to retry. @throws `CLOSED` once waiting has been stopped */
  async waitForRetry(outage: OutageError): Promise<void> {
    const { longestMs, closingMs } = kindOf(outage);
    const delayMs = this.#delayMs;
    if (this.#hasStoppedWaiting) {
      if (this.#waitedToCloseMs >= closingMs) throw closedDuring(outage);
      this.#waitedToCloseMs += delayMs;
    }
    this.#waitedMs += delayMs;
    this.#delayMs = Math.min(2 * delayMs, longestMs);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#retryNow = resolve;
    const cancel = this.#parts.clock.setTimer(delayMs, resolve);
    await promise;
    cancel();
  }

  /** Stops waiting: a commit that waits is tried now, and then only as long as a close may take. */
  stopWaiting(): void {
    this.#hasStoppedWaiting = true;
    this.#retryNow?.();
  }

  #begin(error: OutageError): void {
    const { firstMs, patienceMs } = kindOf(error);
    this.#error = error;
    this.#delayMs = firstMs;
    this.#waitedMs = 0;
    if (patienceMs > 0) this.#parts.log.warn(`${error.message}; the engine waits until it is free`);
  }
}

function kindOf({ code }: OutageError): OutageKind {
  return KINDS[code];
}

function outageError(cause: OutageError, consequence: string, definite: boolean): HandbackError {
  return new HandbackError(cause.code, `${kindOf(cause).state}; ${consequence}`, {
    details: { ...cause.details, definite },
    cause,
  });
}

function closedDuring(cause: OutageError): HandbackError {
  const { pastState } = kindOf(cause);
  const message = `the engine was closed while ${pastState}; the next start shows whether unacknowledged work was kept`;
  return new HandbackError("CLOSED", message, { cause });
}
