import type { MessageId } from "../../core/message/message-id.ts";
import type { Failure } from "./failure.ts";

/** A call that failed and waits for a person: `client.resume` or `client.fail` decides. */
export type PausedCall = {
  /** Names the call, for the option `call` of `client.resume` and `client.fail`. */
  readonly call: MessageId;
  /** Type of the function that failed, `namespace/name`, or of the pattern `retry` around it. */
  readonly function: string;
  /** The operation of a stateful function. Absent for a stateless one. */
  readonly operation?: string | undefined;
  /** Id of the address that it was called at. */
  readonly id: string;
  /** Number of attempts so far. */
  readonly attempts: number;
  /** The failure of the last attempt: names, codes, messages of up to 1,000 characters, causes. */
  readonly failure: Failure;
  /** The instant at which it paused, in ms since the epoch. */
  readonly pausedAt: number;
};
