import { isPassing } from "./server-error.ts";
import { monotonicMs, setTimer } from "./web-time.ts";

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 5_000;

/**
 * Returns the delay before the next attempt, in ms. It doubles, and is spread over a range, so that
 * the clients of a server that restarts do not return at once.
 *
 * @param attempt - number of attempts that failed in a row, from 1
 * @param random - from 0 to 1
 */
export function delayBefore(attempt: number, random: number, retryAfterMs = 0): number {
  const most = Math.min(FIRST_DELAY_MS * 2 ** (attempt - 1), LONGEST_DELAY_MS);
  return Math.max(most * (0.5 + random / 2), retryAfterMs);
}

/** Attempts at one thing, until one succeeds or the patience is over. */
export class Persistence {
  readonly #patienceMs: number;
  readonly #signal: AbortSignal | undefined;
  #failingSince: number | undefined;
  #attempt = 0;

  constructor(patienceMs: number, signal: AbortSignal | undefined) {
    this.#patienceMs = patienceMs;
    this.#signal = signal;
  }

  /** Does `act` until it succeeds. @throws as {@link Persistence.failed} */
  async run<Result>(act: () => Promise<Result>): Promise<Result> {
    for (;;) {
      try {
        const result = await act();
        this.succeeded();
        return result;
      } catch (error) {
        await this.failed(error);
      }
    }
  }

  /** The server answers: the patience begins anew. */
  answered(): void {
    this.#failingSince = undefined;
  }

  /** The server gave what was asked for: the delays begin anew, too. */
  succeeded(): void {
    this.answered();
    this.#attempt = 0;
  }

  /**
   * Waits before the next attempt. @throws the error if another attempt would not help or the
   * patience is over; the reason of the signal
   */
  async failed(error: unknown): Promise<void> {
    this.#signal?.throwIfAborted();
    if (!isPassing(error)) throw error;
    this.#failingSince ??= monotonicMs();
    const { retryAfterMs } = error.details;
    const asked = typeof retryAfterMs === "number" ? retryAfterMs : 0;
    const delay = delayBefore(++this.#attempt, Math.random(), asked);
    if (monotonicMs() + delay - this.#failingSince > this.#patienceMs) throw error;
    await waited(delay, this.#signal);
  }
}

/** Waits for `ms`. @throws the reason of the signal */
async function waited(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resolve) => {
    const stop = setTimer(ms, () => {
      signal?.removeEventListener("abort", leave);
      resolve();
    });
    const leave = (): void => {
      stop();
      resolve();
    };
    signal?.addEventListener("abort", leave, { once: true });
  });
  signal?.throwIfAborted();
}
