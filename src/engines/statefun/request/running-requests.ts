import { equalBytes } from "../../../core/data/equal-bytes.ts";
import { addressKey } from "../../../core/message/address.ts";
import type { Address } from "../../../core/message/address.ts";

interface Running {
  readonly request: Uint8Array;
  readonly answer: Promise<Uint8Array>;
}

/**
 * The requests that are being answered. A job that fails sends its requests again, while the first
 * ones still run.
 *
 * RR1 The same request gets the same answer, and its handlers run once.
 * RR2 Another request for an address waits until the handlers of the one before have ended.
 */
export class RunningRequests {
  readonly #running = new Map<string, Running>();

  /** Answers a request. */
  answer(
    address: Address,
    request: Uint8Array,
    run: () => Promise<Uint8Array>,
  ): Promise<Uint8Array> {
    const key = addressKey(address);
    const earlier = this.#running.get(key);
    if (earlier !== undefined && equalBytes(earlier.request, request)) return earlier.answer;
    const answer = earlier === undefined ? run() : earlier.answer.then(run, run);
    const running = { request, answer };
    const forget = (): void => {
      if (this.#running.get(key) === running) this.#running.delete(key);
    };
    this.#running.set(key, running);
    answer.then(forget, forget);
    return answer;
  }
}
