import { formatAddress } from "../../../core/message/address.ts";
import type { Envelope } from "../../../core/message/envelope.ts";
import { HandbackError } from "../../../core/errors/errors.ts";
import type { WorkLog } from "../../../core/host/work-log.ts";

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
  readonly #workLog: WorkLog;
  #isReported = false;

  constructor(limit: number, workLog: WorkLog) {
    this.#limit = limit;
    this.#workLog = workLog;
  }

  /**
   * Admits one more blocked handler. @throws `OVERLOADED`
   *
   * @param blocked - the number of blocked handlers
   */
  admit(blocked: number, { target }: Envelope): void {
    if (blocked < this.#limit * FAR) this.#isReported = false;
    else if (blocked + 1 >= this.#limit * NEAR && !this.#isReported)
      this.#report(blocked + 1, target.type);
    if (blocked < this.#limit) return;
    throw new HandbackError(
      "OVERLOADED",
      `${formatAddress(target)} cannot block in ctx.get: ${blocked} handlers are blocked, and the limit is ${this.#limit} (blockedLimit)`,
      { details: { limit: this.#limit, blocked } },
    );
  }

  #report(blocked: number, subject: string): void {
    this.#isReported = true;
    const limit = this.#limit;
    this.#workLog.write({
      level: "warn",
      event: "manyBlocked",
      subject,
      message: `${blocked} handlers are blocked in ctx.get, and at ${limit} (blockedLimit) further ones are rejected; a future that is handed back blocks no handler`,
      fields: { blocked, limit },
    });
  }
}
