import type { Clock } from "./clock.ts";
import { SOON_MS } from "./soon.ts";

/** Keeps the messages that are being handled, so that a crash of the process shows them. */
export interface CrashMarks {
  /** Returns how many times the process has crashed while it handled a message. */
  crashes(key: string): number;
  /** Notes that a message is about to be handled. */
  begin(key: string): void;
  /** Forgets a message, because it was handled. */
  end(key: string): void;
}

/** Collaborators of a {@link CrashGuard}. */
export interface CrashGuardParts {
  readonly marks: CrashMarks;
  readonly clock: Clock;
  /** Crashes after which a message is given up. */
  readonly limit: number;
}

/**
 * Bounds the crashes that one message causes. A cluster repeats a request that got no answer, for as
 * long as it takes.
 *
 * CG1 A message has a mark while its handler runs, but for the first seconds only.
 * CG2 Messages that ran in a crash have their marks one after the other, so the one that crashes the
 * process is soon the only one with several crashes. A long handler does not hold up the others.
 * CG3 A message that was given up keeps its crashes, because the answer that says so may be lost.
 */
export class CrashGuard {
  readonly #parts: CrashGuardParts;
  #suspects: Promise<void> = Promise.resolve();

  constructor(parts: CrashGuardParts) {
    this.#parts = parts;
  }

  /**
   * Handles a message.
   *
   * @param handle - gets the number of crashes if the message is given up
   */
  async run<Result>(
    key: string,
    handle: (crashes: number | undefined) => Result | Promise<Result>,
  ): Promise<Result> {
    const { marks, limit } = this.#parts;
    const crashes = marks.crashes(key);
    if (crashes >= limit) return handle(crashes);
    if (crashes === 0) return this.#runMarked(key, handle);
    const before = this.#suspects;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#suspects = promise;
    await before;
    return this.#runMarked(key, handle, resolve);
  }

  async #runMarked<Result>(
    key: string,
    handle: (crashes: undefined) => Result | Promise<Result>,
    onUnmarked: () => void = () => undefined,
  ): Promise<Result> {
    const { marks, clock } = this.#parts;
    const unmark = (): void => {
      marks.end(key);
      onUnmarked();
    };
    marks.begin(key);
    const cancel = clock.setTimer(SOON_MS, unmark);
    try {
      return await handle(undefined);
    } finally {
      cancel();
      unmark();
    }
  }
}
