import { equalBytes } from "../../../core/data/equal-bytes.ts";
import { HandbackError } from "../../../core/errors/errors.ts";
import { addressKey, formatAddress } from "../../../core/message/address.ts";
import type { Address } from "../../../core/message/address.ts";

/** Handles a request. */
type Run = () => Promise<Uint8Array>;

interface Running {
  readonly request: Uint8Array;
  readonly answer: Promise<Uint8Array>;
  waiting: Waiting | undefined;
}

interface Waiting extends PromiseWithResolvers<Uint8Array> {
  readonly request: Uint8Array;
  readonly run: Run;
}

/**
 * The requests that are being answered. A job that fails sends its requests again, or others, while
 * the first ones still run.
 *
 * RR1 The same request gets the same answer, and its handlers run once.
 * RR2 Another request for an address waits until the handlers of the one before have ended.
 * RR3 At most one request waits for an address: the newest. A cluster sends one request at a time
 * for an address, so it has given up all earlier ones. Otherwise a job that fails often would wait for
 * ever more handlers whose answers it does not take.
 */
export class RunningRequests {
  readonly #running = new Map<string, Running>();

  /** Answers a request. @throws `CANCELLED` if a newer one replaces it before its handlers run */
  answer(address: Address, request: Uint8Array, run: Run): Promise<Uint8Array> {
    const key = addressKey(address);
    const running = this.#running.get(key);
    if (running === undefined) return this.#run(key, request, run);
    const { waiting } = running;
    if (waiting !== undefined) {
      if (equalBytes(waiting.request, request)) return waiting.promise;
      waiting.reject(replaced(address));
      running.waiting = undefined;
    }
    if (equalBytes(running.request, request)) return running.answer;
    running.waiting = { request, run, ...Promise.withResolvers<Uint8Array>() };
    return running.waiting.promise;
  }

  #run(key: string, request: Uint8Array, run: Run): Promise<Uint8Array> {
    const running: Running = { request, answer: run(), waiting: undefined };
    this.#running.set(key, running);
    const goOn = (): void => {
      const { waiting } = running;
      if (waiting === undefined) this.#running.delete(key);
      else waiting.resolve(this.#run(key, waiting.request, waiting.run));
    };
    running.answer.then(goOn, goOn);
    return running.answer;
  }
}

function replaced(address: Address): HandbackError {
  const why = `another request for ${formatAddress(address)} came before this one was handled`;
  return new HandbackError("CANCELLED", why);
}
