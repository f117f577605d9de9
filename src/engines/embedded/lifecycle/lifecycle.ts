import { HandbackError } from "../../../core/errors/errors.ts";
import type { Log } from "../../../core/host/log.ts";
import { fencedFor } from "./fenced.ts";

/**
 * The state of an engine: running, closing, or stopped for a reason.
 *
 * A step of the engine's own work that throws leaves half of its changes in memory, so the engine
 * stops at the first failure and commits nothing after it.
 */
export class Lifecycle {
  readonly #log: Log;
  #stopReason: HandbackError | undefined;
  #isClosing = false;
  #onFailure: (reason: HandbackError) => void = () => undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  /** The error that stopped the engine, or `CLOSED` once it is closed. */
  get stopReason(): HandbackError | undefined {
    return this.#stopReason;
  }

  /** Tells whether the engine has stopped. A closing engine has not stopped yet. */
  get hasStopped(): boolean {
    return this.#stopReason !== undefined;
  }

  /** Tells whether handlers may start: the engine is neither closing nor stopped. */
  get isRunning(): boolean {
    return this.#stopReason === undefined && !this.#isClosing;
  }

  /** The error for a new request while the engine takes none. */
  get refusal(): HandbackError | undefined {
    return this.#stopReason ?? (this.#isClosing ? engineClosed() : undefined);
  }

  /** @throws the reason why the engine has stopped */
  requireNotStopped(): void {
    if (this.#stopReason !== undefined) throw this.#stopReason;
  }

  /** Registers the one callback that stops the engine's rooms after a failure. */
  onFailure(stop: (reason: HandbackError) => void): void {
    this.#onFailure = stop;
  }

  /** Refuses new requests and new handlers from now on. */
  beginClosing(): void {
    this.#isClosing = true;
  }

  /**
   * Marks the engine as closed and returns the reason why it stopped: an earlier failure, or
   * `CLOSED`.
   */
  endClosing(): HandbackError {
    return (this.#stopReason ??= engineClosed());
  }

  /** Runs a step of the engine's own work. If the step throws, the engine stops. */
  run(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.fail(error);
    }
  }

  /**
   * Stops the engine: memory may now hold changes that are not on disk. Only the first failure
   * counts.
   */
  fail(error: unknown): void {
    if (this.#stopReason !== undefined) return;
    const reason = HandbackError.is(error) ? error : commitFailed(error);
    this.#stopReason = fencedFor(reason, true);
    this.#log.error(`${reason.message}; the engine has stopped`);
    this.#onFailure(fencedFor(reason, false));
  }
}

function commitFailed(cause: unknown): HandbackError {
  return new HandbackError(
    "STORE_FAILED",
    "a commit failed, and it is not known whether it happened",
    { cause },
  );
}

function engineClosed(): HandbackError {
  return new HandbackError("CLOSED", "the engine is closed");
}
