import { HandbackError } from "../../../core/errors/errors.ts";
import { sleep } from "../../../machine/real-time.ts";
import type { Recipient } from "../wire/recipient.ts";

/** The way of a client's requests into a Restate cluster. */
export interface IngressOptions {
  /** Addresses of the ingress, one for each node. A request goes to the next if one fails. */
  readonly addresses: readonly string[];
  /** Time for one attempt of a request, in ms. */
  readonly attemptMs: number;
  /** Time for all attempts of a request, in ms. */
  readonly patienceMs: number;
  /** Headers of every request, such as those of an authorizing proxy. */
  readonly headers: Readonly<Record<string, string>>;
  /** Monotonic reading in ms. */
  readonly elapsedMs: () => number;
}

/** A request to a handler. */
export interface IngressRequest {
  readonly to: Recipient;
  /** JSON text. */
  readonly input: string;
  /** Makes the request count once, however often it is sent. */
  readonly idempotencyKey?: string;
  /**
   * Time for one attempt beyond the usual, in ms: the handler may wait that long. If it does not
   * answer by then, another attempt goes on waiting, for as long as it takes.
   */
  readonly waitMs?: number;
  readonly signal?: AbortSignal;
}

const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [20, 1_000];
const [TOO_LARGE, FIRST_SERVER_ERROR, NOT_FOUND, TIMEOUT, TOO_MANY, CONFLICT] = [
  413, 500, 404, 408, 429, 409,
];
/** Answers after which another attempt may succeed. A deployment is visible with a delay. */
const RETRYABLE = new Set([NOT_FOUND, TIMEOUT, TOO_MANY, CONFLICT]);

/**
 * Sends requests to the ingress of a cluster.
 *
 * IN1 Every attempt has a time limit of its own, and the next one goes to the next address: a node
 * that hangs is worse than one that is down.
 * IN2 An attempt with an idempotency key may have been taken although no answer came. All attempts of
 * a request have the same key.
 */
export class Ingress {
  readonly #options: IngressOptions;
  /** Number of the node that gets the next attempt. */
  #node = 0;

  constructor(options: IngressOptions) {
    this.#options = options;
  }

  /**
   * Sends a request and returns the JSON text of the answer.
   * @throws `PAYLOAD_TOO_LARGE`; `STORE_FAILED` if it is unknown whether the request was taken; the
   * reason of the signal
   */
  async request(request: IngressRequest): Promise<string> {
    const { patienceMs, elapsedMs } = this.#options;
    let until = elapsedMs() + patienceMs;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)) {
      const node = this.#node;
      const attempt = await this.#attempt(request);
      if ("answer" in attempt) return attempt.answer;
      request.signal?.throwIfAborted();
      if (attempt.failure !== undefined) throw attempt.failure;
      if (attempt.isWaiting === true) until = elapsedMs() + patienceMs;
      if (elapsedMs() + pauseMs > until) throw unanswered(request, attempt.cause);
      // Another request may have moved on already.
      if (this.#node === node) this.#node++;
      await sleep(pauseMs);
      request.signal?.throwIfAborted();
    }
  }

  async #attempt(request: IngressRequest): Promise<Attempt> {
    const { addresses, attemptMs, headers } = this.#options;
    const { to, input, idempotencyKey, waitMs = 0, signal } = request;
    const address = addresses[this.#node % addresses.length] ?? "";
    const limit = AbortSignal.timeout(attemptMs + waitMs);
    try {
      const response = await fetch(`${address}${pathOf(to)}`, {
        method: "POST",
        headers: {
          ...headers,
          "content-type": "application/json",
          ...(idempotencyKey !== undefined && { "idempotency-key": idempotencyKey }),
        },
        body: input,
        signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
      });
      const answer = await response.text();
      if (response.ok) return { answer };
      return refusal(request, response.status, answer);
    } catch (cause) {
      return { cause, isWaiting: waitMs > 0 && limit.aborted };
    }
  }
}

type Attempt =
  | { readonly answer: string }
  | {
      readonly cause: unknown;
      readonly failure?: HandbackError;
      /** The handler may still be at work. */
      readonly isWaiting?: boolean;
    };

function pathOf({ service, key, handler }: Recipient): string {
  const parts = key === undefined ? [service, handler] : [service, key, handler];
  return `/${parts.map(encodeURIComponent).join("/")}`;
}

function refusal({ to }: IngressRequest, status: number, cause: string): Attempt {
  if (status === TOO_LARGE)
    return {
      cause,
      failure: new HandbackError(
        "PAYLOAD_TOO_LARGE",
        `a request to ${to.service} is larger than the ingress of the cluster takes`,
      ),
    };
  if (status >= FIRST_SERVER_ERROR || RETRYABLE.has(status)) return { cause };
  const why = `the ingress of the cluster refused a request to ${to.service} with ${status}`;
  return { cause, failure: new HandbackError("STORE_FAILED", why, { cause }) };
}

function unanswered({ to }: IngressRequest, cause: unknown): HandbackError {
  return new HandbackError(
    "STORE_FAILED",
    `no node of the cluster answered a request to ${to.service} in time; it may have been taken`,
    { cause },
  );
}
