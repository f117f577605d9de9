import { embedded, fn, HandbackError, memory } from "handback";
import type { Client, Embedded, EmbeddedOptions, ErrorCode, Log, Store } from "handback";
import { afterEach, expect } from "vitest";

/** Gives back what it gets. Every engine of these tests hosts it. */
export const echo = fn("test/echo", (_, value: unknown) => value);

/** A running engine, the store it runs on, and what it said. */
export interface World {
  readonly engine: Embedded;
  readonly client: Client;
  readonly store: Store;
  readonly said: readonly string[];
  /** Closes it, and starts another on the same store. */
  readonly restart: (functions: readonly object[]) => Promise<World>;
}

const open: Embedded[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((engine) => engine.close()));
});

/** Starts an engine, on a memory store unless told otherwise; it is closed after the test. */
export async function openEngine(
  functions: readonly object[],
  options: Partial<EmbeddedOptions> = {},
): Promise<World> {
  const said: string[] = [];
  const store = options.store ?? memory();
  const engine = await embedded({
    log: logInto(said),
    ...options,
    functions: [echo, ...functions],
    store,
  });
  open.push(engine);
  const restart = async (others: readonly object[]): Promise<World> => {
    await engine.close();
    return openEngine(others, { ...options, store });
  };
  return { engine, client: engine.client, store, said, restart };
}

function logInto(said: string[]): Log {
  const say =
    (level: string) =>
    (message: string): void =>
      void said.push(`${level} ${message}`);
  return { debug: say("debug"), info: say("info"), warn: say("warn"), error: say("error") };
}

/** Lets a value that the types refuse stand where a test wants to pass it all the same. */
export function wrong<T = never>(value: unknown): T {
  return value as T;
}

/** Gives the error that `promise` rejects with, once it is seen to be ours, to have `code`, and to read well. */
export async function assertRejects(
  promise: Promise<unknown>,
  code: ErrorCode,
): Promise<HandbackError> {
  const error: unknown = await promise.then(
    (value) => expect.fail(`expected ${code}, but the promise was fulfilled with ${String(value)}`),
    (reason: unknown) => reason,
  );
  return assertError(error, code);
}

/** Gives the error that `act` throws, once it is seen to be ours, to have `code`, and to read well. */
export function assertThrows(act: () => unknown, code: ErrorCode): HandbackError {
  let value: unknown;
  try {
    value = act();
  } catch (error) {
    return assertError(error, code);
  }
  return expect.fail(`expected ${code}, but it gave ${String(value)}`);
}

function assertError(error: unknown, code: ErrorCode): HandbackError {
  if (!HandbackError.is(error)) throw error;
  expect(error).toMatchObject({ code });
  const text = error.message.replaceAll(/(got|thrown:|not) undefined|null or undefined/g, "");
  expect(text).not.toMatch(/undefined|\[object|\bNaN of\b/);
  expect(error.message.length).toBeGreaterThan(code.length + 2);
  return error;
}

/** The engine still works, and nothing is left that would yet be done, but for `delayed` messages. */
export async function assertUnharmed({ client, store, engine }: World, delayed = 0): Promise<void> {
  expect(await client.call(echo, "alive")).toBe("alive");
  expect(store.count()).toMatchObject({ messages: 0, delayed, dead: 0 });
  expect(engine.unregistered.size).toBe(0);
}

/** A promise with the functions that settle it, for handlers that wait until the test lets them go on. */
export interface Gate {
  readonly opened: Promise<void>;
  readonly open: () => void;
}

/** Makes a gate that is closed. */
export function newGate(): Gate {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}
