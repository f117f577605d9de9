import { clearTimeout, setTimeout } from "../../../machine/real-time.ts";

/** A node to watch, and for how long. */
export interface WatchOptions {
  /** Address of the node's ingress. */
  readonly address: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Longest silence of the node, in ms. */
  readonly silenceMs: number;
  /** Time beyond it for which a request may wait there while the node works, in ms. */
  readonly waitMs: number;
  /** Monotonic reading in ms. */
  readonly elapsedMs: () => number;
}

/**
 * Watches a node while it has a request of this client. A node that is frozen keeps its connections
 * and answers nothing. So a request that may wait for long does not count as a sign of life: the node
 * is asked for its health meanwhile.
 */
export class NodeWatch {
  /** Instant at which the node has last answered, if it was asked. */
  heardAt: number | undefined;
  readonly #options: WatchOptions;
  readonly #over = new AbortController();
  readonly #stopping = new AbortController();
  readonly #until: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#until = options.elapsedMs() + options.waitMs;
    this.#plan();
  }

  /** Aborts once the node is silent, or the time of the request is over. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  /** Ends the watch. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#stopping.abort();
  }

  #plan(): void {
    this.#timer = setTimeout(() => void this.#check(), this.#options.silenceMs);
  }

  async #check(): Promise<void> {
    const { waitMs, elapsedMs } = this.#options;
    const isHealthy = waitMs > 0 && (await this.#isHealthy());
    if (this.#stopping.signal.aborted) return;
    if (isHealthy) this.heardAt = elapsedMs();
    if (isHealthy && elapsedMs() < this.#until) this.#plan();
    else this.#over.abort(new Error("the node did not answer in time"));
  }

  /** A proxy in front of the node may refuse the question, but does not answer for a silent node. */
  async #isHealthy(): Promise<boolean> {
    const { address, headers, silenceMs } = this.#options;
    const signal = AbortSignal.any([AbortSignal.timeout(silenceMs), this.#stopping.signal]);
    try {
      const response = await fetch(`${address}/restate/health`, { headers, signal });
      await response.body?.cancel();
      return response.status < 500;
    } catch {
      return false;
    }
  }
}
