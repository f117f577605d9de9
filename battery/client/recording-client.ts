import { setTimeout } from "node:timers/promises";
import { HandbackError } from "../../src/index.ts";
import type { Client, FlowHandle, FlowStatus } from "../../src/index.ts";
import type { Json } from "../../src/core/data/json.ts";
import type { Outcome } from "../ledger/entry.ts";
import type { Known } from "../ledger/orders.ts";
import type { Operation } from "../plan/operation.ts";
import { writeEntry } from "./ledger-writer.ts";

/** The engine is closed or has stopped, so this process can do no more. */
export class EngineGone extends Error {}

/** Extra data of a request for the ledger. */
interface RequestNotes<T> {
  /** The requested value. */
  readonly value?: Json;
  /** Extracts the part of the answer that the ledger keeps. */
  readonly answer?: (value: T) => Json;
}

const STOPPED = ["STORE_FAILED", "STORE_CORRUPT", "STORE_FENCED"] as const;
const LOOK_AGAIN_MS = 3;

/** A client that reports all requests and answers to the ledger. Operations use it. */
export class RecordingClient {
  readonly client: Client;
  /** Number of this process. */
  readonly life: number;
  /** Resolves with the error code once the engine has stopped by itself. */
  readonly stopped: Promise<string>;
  readonly #known: ReadonlyMap<number, Readonly<Record<string, Known>>>;
  readonly #stop: (code: string) => void;
  #requests = 0;

  constructor(
    client: Client,
    { life, known }: { life: number; known: ReadonlyMap<number, Readonly<Record<string, Known>>> },
  ) {
    this.client = client;
    this.life = life;
    this.#known = known;
    const { promise, resolve } = Promise.withResolvers<string>();
    this.stopped = promise;
    this.#stop = resolve;
  }

  /** Returns the known result of a step in earlier processes. */
  known({ number }: Operation, step: string): Known | undefined {
    return this.#known.get(number)?.[step];
  }

  /**
   * Starts the flow of an operation, or finds it again. Returns `undefined` if there is none and it
   * must not be started.
   */
  async begin(
    operation: Operation,
    start: () => Promise<FlowHandle<unknown>>,
  ): Promise<FlowHandle<unknown> | undefined> {
    const known = this.known(operation, "start");
    if (known === "refused") return undefined;
    const asks =
      known === undefined || (known === "tried" ? operation.resends : operation.asksAgain);
    if (asks) return this.request(operation, "start", start);
    const handle = this.client.flow(operation.key);
    return (await this.#standing(handle)) === undefined ? this.#absent(operation) : handle;
  }

  /** Makes a request: intent, request, answer. `act` gets a unique name for the request. */
  async request<T>(
    operation: Operation,
    step: string,
    act: (name: string) => Promise<T>,
    telling: RequestNotes<T> = {},
  ): Promise<T> {
    const request = this.#requests++;
    const { value, answer } = telling;
    writeEntry({
      what: "intend",
      request,
      op: operation.number,
      step,
      ...(value !== undefined && { value }),
    });
    try {
      const got = await act(`${this.life}.${request}`);
      writeEntry({ what: "ack", request, ...(answer !== undefined && { value: answer(got) }) });
      return got;
    } catch (error) {
      // The outcome of these errors is unknown, so no answer is correct.
      if (!isIndefinite(error)) writeEntry({ what: "refused", request, code: codeOf(error) });
      throw this.#unlessGone(error);
    }
  }

  /** Waits for a flow to end, and reports its outcome. */
  async finish(operation: Operation, handle: FlowHandle<unknown>): Promise<Outcome | undefined> {
    const outcome = await this.#outcome(handle);
    if (outcome === undefined) return this.#absent(operation);
    writeEntry({ what: "result", op: operation.number, outcome });
    return outcome;
  }

  /**
   * Waits until a flow satisfies a condition or ends. Returns its status, or `undefined` if there
   * is none.
   */
  async until(
    handle: FlowHandle<unknown>,
    isSo: (standing: FlowStatus) => boolean,
  ): Promise<FlowStatus | undefined> {
    for (;;) {
      const standing = await this.#standing(handle);
      if (standing === undefined || standing.status !== "pending" || isSo(standing))
        return standing;
      await setTimeout(LOOK_AGAIN_MS);
    }
  }

  async #standing(handle: FlowHandle<unknown>): Promise<FlowStatus | undefined> {
    try {
      return await handle.status();
    } catch (error) {
      if (HandbackError.is(error, "NOT_FOUND")) return undefined;
      throw this.#unlessGone(error);
    }
  }

  async #outcome(handle: FlowHandle<unknown>): Promise<Outcome | undefined> {
    try {
      return await outcomeOf(handle);
    } catch (error) {
      if (HandbackError.is(error, "NOT_FOUND")) return undefined;
      throw this.#unlessGone(error);
    }
  }

  #absent({ number }: Operation): undefined {
    writeEntry({ what: "absent", op: number });
    return undefined;
  }

  #unlessGone(error: unknown): unknown {
    if (HandbackError.is(error, ...STOPPED)) this.#stop(error.code);
    return HandbackError.is(error, ...STOPPED, "CLOSED") ? new EngineGone() : error;
  }
}

/** Waits for a flow to end. Rejects if there is none, or the engine is gone. */
export async function outcomeOf(handle: FlowHandle<unknown>): Promise<Outcome> {
  try {
    return { status: "completed", value: (await handle.result()) as Json };
  } catch (error) {
    // A failed flow has a failure. Any other error is an answer of the engine.
    if (!HandbackError.is(error) || error.failure === undefined) throw error;
    const { code } = error;
    return { status: code === "CANCELLED" ? "cancelled" : "failed", code };
  }
}

/** Returns true if an error leaves the outcome of a request open. */
export function isIndefinite(error: unknown): boolean {
  if (HandbackError.is(error, "STORE_FULL", "STORE_FENCED"))
    return error.details["definite"] === false;
  return HandbackError.is(error, ...STOPPED);
}

/** Returns the code of an error, or its text. */
export function codeOf(error: unknown): string {
  return HandbackError.is(error)
    ? error.code
    : error instanceof Error
      ? `${error.name}: ${error.message}`
      : String(error);
}
