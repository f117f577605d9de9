import { embedded, fn, HandbackError, memory } from "handback";
import type { Client, Embedded, EmbeddedOptions, ErrorCode, Log, Store } from "handback";
import { afterEach, expect } from "vitest";

/** Returns its input. Every engine of these tests hosts it. */
export const echo = fn("test/echo", (_, value: unknown) => value);

/** A running engine, its store, and its log. */
export interface World {
  readonly engine: Embedded;
  readonly client: Client;
  readonly store: Store;
  readonly said: readonly string[];
  /** The fields of each line in the log. */
  readonly fields: readonly unknown[];
  /** Closes it, and starts another one on the same store. */
  readonly restart: (functions: readonly object[]) => Promise<World>;
}

const open: Embedded[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((engine) => engine.close()));
});

/** Starts an engine, on a memory store by default. It is closed after the test. */
export async function openEngine(
  functions: readonly object[],
  options: Partial<EmbeddedOptions> = {},
): Promise<World> {
  const said: string[] = [];
  const fields: unknown[] = [];
  const store = options.store ?? memory();
  const engine = await embedded({
    log: logInto(said, fields),
    ...options,
    functions: [echo, ...functions],
    store,
  });
  open.push(engine);
  const restart = async (others: readonly object[]): Promise<World> => {
    await engine.close();
    return openEngine(others, { ...options, store });
  };
  return { engine, client: engine.client, store, said, fields, restart };
}

function logInto(said: string[], fields: unknown[]): Log {
  const say = (level: string) => (message: string, about?: unknown) => {
    said.push(`${level} ${message}`);
    fields.push(about);
  };
  return { debug: say("debug"), info: say("info"), warn: say("warn"), error: say("error") };
}

/** Passes a value that the types reject. */
export function wrong<T = never>(value: unknown): T {
  return value as T;
}

/**
 * Checks that `promise` rejects with our error, with `code` and a readable message. Returns the
 * error.
 */
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

/** Checks that `act` throws our error, with `code` and a readable message. Returns the error. */
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

/**
 * Checks that the engine still works, and that no pending work is left except `delayed` messages.
 */
export async function assertUnharmed({ client, store, engine }: World, delayed = 0): Promise<void> {
  expect(await client.call(echo, "alive")).toBe("alive");
  expect(store.count()).toMatchObject({ messages: 0, delayed, dead: 0 });
  expect(engine.unregistered.size).toBe(0);
}

/**
 * A promise with the functions that settle it. Handlers wait on it until the test lets them
 * continue.
 */
export interface Gate {
  readonly opened: Promise<void>;
  readonly open: () => void;
}

/** Makes a closed gate. */
export function newGate(): Gate {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}
