import type { Clock } from "../../../core/host/clock.ts";
import { HandbackError } from "../../../core/errors/errors.ts";
import type { Log } from "../../../core/host/log.ts";

/** How long to wait before a commit that found no room is tried again: so long at first, then twice as long each time, up to the last. */
const FIRST_MS = 1_000;
const LONGEST_MS = 10_000;

/** Who hears whether there is room. */
export interface DiskSpaceParts {
  readonly clock: Clock;
  readonly log: Log;
  /** There is none left. Whoever waits for what is to be committed may be told `doubt`: it is kept, and tried again. */
  readonly onFull: (doubt: HandbackError) => void;
  /** There is room again. */
  readonly onFreed: () => void;
}

/**
 * Room on the disk, as far as commits can tell: it is missing from the first that finds none to the next that succeeds.
 *
 * RO1 That it is missing is told once, and so is that it is there again, however often is tried in between.
 */
export class DiskSpace {
  readonly #parts: DiskSpaceParts;
  #missing: HandbackError | undefined;
  #pauseMs = FIRST_MS;
  #goOn: (() => void) | undefined;
  #givenUp = false;

  constructor(parts: DiskSpaceParts) {
    this.#parts = parts;
  }

  get isFull(): boolean {
    return this.#missing !== undefined;
  }

  /** Why nothing new can be taken, while it is missing. */
  get refusal(): HandbackError | undefined {
    return this.#missing && storeFull(this.#missing, "this was not accepted", true);
  }

  /** A commit has succeeded. */
  noteCommit(): void {
    if (this.#missing === undefined) return;
    this.#missing = undefined;
    this.#pauseMs = FIRST_MS;
    this.#parts.log.info("the disk has room again: what was kept in memory is being written");
    this.#parts.onFreed();
  }

  /** A commit has found no room: waits until it is time to try again. @throws `CLOSED` when nobody waits any more */
  async waitForSpace(full: HandbackError): Promise<void> {
    if (this.#givenUp) throw closedWhileFull(full);
    if (this.#missing === undefined) this.#lose(full);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#goOn = resolve;
    const cancel = this.#parts.clock.setTimer(this.#pauseMs, resolve);
    this.#pauseMs = Math.min(2 * this.#pauseMs, LONGEST_MS);
    await promise;
    cancel();
  }

  /** Waits no more: what is to be tried again is tried now, for the last time. */
  stopWaiting(): void {
    this.#givenUp = true;
    this.#goOn?.();
  }

  #lose(full: HandbackError): void {
    this.#missing = full;
    this.#parts.log.error(
      `${full.message}; what is under way is kept in memory, and nothing new is taken until there is room`,
    );
    this.#parts.onFull(
      storeFull(
        full,
        "this is kept in memory and tried again, and it is not known whether it will be done",
        false,
      ),
    );
  }
}

function storeFull(cause: HandbackError, so: string, definite: boolean): HandbackError {
  return new HandbackError("STORE_FULL", `the disk is full; ${so}`, {
    details: { ...cause.details, definite },
    cause,
  });
}

function closedWhileFull(cause: HandbackError): HandbackError {
  const message =
    "the engine was closed while the disk was full; whether what it had not acknowledged is kept, the next start will tell";
  return new HandbackError("CLOSED", message, { cause });
}
