import type { Clock } from "handback";
import type { Parcel } from "./network.ts";

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Messages that wait for their due time. One that has left can no longer be canceled, even if it
 * has not arrived.
 */
export class Delayed {
  readonly #clock: Clock;
  readonly #send: (parcel: Parcel) => void;
  readonly #byToken = new Map<string, () => void>();

  constructor(clock: Clock, send: (parcel: Parcel) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  add(parcel: Parcel, dueAt: number, token: string | undefined): void {
    if (token !== undefined) this.cancel(token);
    let cancelTimer: () => void = () => undefined;
    const sleep = (): void => {
      const left = dueAt - this.#clock.now();
      cancelTimer = this.#clock.setTimer(
        Math.min(Math.max(left, 0), LONGEST_TIMER_MS),
        left > LONGEST_TIMER_MS ? sleep : leave,
      );
    };
    const leave = (): void => {
      if (token !== undefined) this.#byToken.delete(token);
      this.#send(parcel);
    };
    sleep();
    if (token !== undefined) this.#byToken.set(token, () => cancelTimer());
  }

  cancel(token: string): void {
    this.#byToken.get(token)?.();
    this.#byToken.delete(token);
  }
}
