import { HandbackError } from "../../../core/errors/errors.ts";
import { sleep } from "../../../machine/real-time.ts";
import type { Recipient } from "../wire/recipient.ts";
import { isNotSent, readAnswer } from "./attempt.ts";
import type { Attempt } from "./attempt.ts";
import { NodeWatch } from "./node-watch.ts";

/** The way of a client's requests into a Restate cluster. */
export interface IngressOptions {
  /** Addresses of the ingress, one for each node. A request goes to the next if one fails. */
  readonly addresses: readonly string[];
  /** Longest silence of a node, and time for one attempt of a request that does not wait, in ms. */
  readonly attemptMs: number;
  /** Time for all attempts of a request while no node answers, in ms. */
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
   * Time for one attempt beyond the usual, in ms: the handler may wait that long, while the node
   * works. If it does not answer by then, another attempt goes on waiting, for as long as it takes.
   */
  readonly waitMs?: number;
  /** It asks about a message that the cluster has taken already. */
  readonly isFollowUp?: true;
  readonly signal?: AbortSignal;
}

const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [20, 1_000];

/**
 * Sends requests to the ingress of a cluster.
 *
 * IN1 Every attempt has a time limit of its own, and the next one goes to the next address: a node
 * that hangs is worse than one that is down. A node that has a request which waits is asked for its
 * health as often.
 * IN2 An attempt with an idempotency key may have been taken although no answer came. All attempts of
 * a request have the same key.
 * IN3 A request fails once no node has answered for the time of all attempts. The error tells
 * whether one of them may have been taken.
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
   * @throws `PAYLOAD_TOO_LARGE`, `CLUSTER_UNAVAILABLE`, the reason of the signal
   */
  async request(request: IngressRequest): Promise<string> {
    const { patienceMs, elapsedMs } = this.#options;
    let until = elapsedMs() + patienceMs;
    let definite = request.isFollowUp !== true;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)) {
      const node = this.#node;
      const attempt = await this.#attempt(request);
      if ("answer" in attempt) return attempt.answer;
      request.signal?.throwIfAborted();
      if ("failure" in attempt) throw attempt.failure;
      definite &&= attempt.isDefinite;
      until = Math.max(until, (attempt.heardAt ?? 0) + patienceMs);
      if (elapsedMs() + pauseMs > until) throw unanswered(request, definite, attempt.cause);
      // Another request may have moved on already.
      if (this.#node === node) this.#node++;
      await sleep(pauseMs);
      request.signal?.throwIfAborted();
    }
  }

  async #attempt(request: IngressRequest): Promise<Attempt> {
    const { addresses, attemptMs, headers, elapsedMs } = this.#options;
    const { to, input, idempotencyKey, waitMs = 0, signal } = request;
    const address = addresses[this.#node % addresses.length] ?? "";
    const watch = new NodeWatch({ address, headers, silenceMs: attemptMs, waitMs, elapsedMs });
    try {
      const response = await fetch(`${address}${pathOf(to)}`, {
        method: "POST",
        headers: {
          ...headers,
          "content-type": "application/json",
          ...(idempotencyKey !== undefined && { "idempotency-key": idempotencyKey }),
        },
        body: input,
        signal: signal === undefined ? watch.over : AbortSignal.any([signal, watch.over]),
      });
      return readAnswer(to.service, response.status, await response.text());
    } catch (cause) {
      return { cause, isDefinite: isNotSent(cause), heardAt: watch.heardAt };
    } finally {
      watch.stop();
    }
  }
}

function pathOf({ service, key, handler }: Recipient): string {
  const parts = key === undefined ? [service, handler] : [service, key, handler];
  return `/${parts.map(encodeURIComponent).join("/")}`;
}

function unanswered({ to }: IngressRequest, definite: boolean, cause: unknown): HandbackError {
  const taken = definite ? "none of them has taken it" : "one of them may have taken it";
  return new HandbackError(
    "CLUSTER_UNAVAILABLE",
    `no node of the cluster answered a request to ${to.service} in time; ${taken}`,
    { cause, details: { definite } },
  );
}
