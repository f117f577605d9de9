import { formatAddress } from "../../../core/message/address.ts";
import type { Envelope } from "../../../core/message/envelope.ts";
import { HandbackError } from "../../../core/errors/errors.ts";
import type { Log } from "../../../core/host/log.ts";

/** Share of the limit at which the log warns, and share below which it may warn again. */
const NEAR = 0.9;
const FAR = 0.5;

/**
 * Bounds the number of blocked handlers, each of which holds memory.
 *
 * BM1 The log warns once when the limit is near, and again only after their number was small.
 */
export class BlockedLimit {
  readonly #limit: number;
  readonly #log: Log;
  #isReported = false;

  constructor(limit: number, log: Log) {
    this.#limit = limit;
    this.#log = log;
  }

  /**
   * Admits one more blocked handler. @throws `OVERLOADED`
   *
   * @param blocked - the number of blocked handlers
   */
  admit(blocked: number, { target }: Envelope): void {
    if (blocked < this.#limit * FAR) this.#isReported = false;
    else if (blocked + 1 >= this.#limit * NEAR && !this.#isReported) this.#report(blocked + 1);
    if (blocked < this.#limit) return;
    throw new HandbackError(
      "OVERLOADED",
      `${formatAddress(target)} cannot block in ctx.get: ${blocked} handlers are blocked, and the limit is ${this.#limit} (blockedLimit)`,
      { details: { limit: this.#limit, blocked } },
    );
  }

  #report(blocked: number): void {
    this.#isReported = true;
    const limit = this.#limit;
    this.#log.warn(
      `${blocked} handlers are blocked in ctx.get, and at ${limit} (blockedLimit) further ones are rejected; a future that is handed back blocks no handler`,
      { blocked, limit },
    );
  }
}
