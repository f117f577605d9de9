import type { Recipient } from "../wire/recipient.ts";

/** A message that an invocation has sent. */
export interface SentMessage {
  /** Returns the id of the invocation that the message causes. */
  invocationId(): Promise<string>;
}

/**
 * Actions that run at the same time. The journal keeps their results, in the order in which they
 * come. A repeated invocation gets the results that were kept, and runs the other actions again.
 */
export interface ActionGroup<Tag> {
  /** Number of actions whose results have not been taken. */
  readonly size: number;
  begin(tag: Tag, name: string, action: () => Promise<string>): void;
  /** Takes the first result. */
  next(): Promise<{ readonly tag: Tag; readonly result: string }>;
}

/**
 * The journal of one Restate invocation. Every action of an invocation goes through it. The order
 * depends only on earlier results of the journal. So an invocation that is repeated after a crash
 * does the same, and nothing twice.
 */
export interface Journal {
  /** Makes a group of actions that run at the same time. */
  actions<Tag>(): ActionGroup<Tag>;
  /** Calls a handler and waits for its output. */
  call(to: Recipient, input: string): Promise<string>;
  /** Sends a one-way message, now or after a delay in ms. */
  send(to: Recipient, input: string, delayMs?: number): SentMessage;
  /** Cancels an invocation that has not started. */
  cancel(invocationId: string): void;
  /** Wakes up an invocation that sleeps until it gets a value. */
  wake(sleeper: string, value: string): void;
}

/** The journal of an invocation of a virtual object, with the object's values. */
export interface ObjectJournal extends Journal {
  readonly key: string;
  read(name: string): Promise<string | undefined>;
  write(name: string, value: string): void;
  remove(name: string): void;
}

/** The journal of an invocation that may sleep. */
export interface SleepingJournal extends Journal {
  /**
   * Returns a name for this invocation, and a promise that is fulfilled with the value that it is
   * woken up with, or with `undefined` after `timeoutMs`.
   */
  sleep(timeoutMs: number): Sleep;
}

/** An invocation that sleeps: its name, and the value that it is woken up with. */
export interface Sleep {
  readonly sleeper: string;
  woken(): Promise<string | undefined>;
}
