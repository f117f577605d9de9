import { setTimeout } from "node:timers/promises";
import { HandbackError } from "../../src/index.ts";
import type { Client, FlowHandle, FlowStatus } from "../../src/index.ts";
import type { Json } from "../../src/core/data/json.ts";
import type { Outcome } from "../ledger/entry.ts";
import type { Known } from "../ledger/orders.ts";
import type { Operation } from "../plan/operation.ts";
import { writeEntry } from "./ledger-writer.ts";

/** The engine is closed, or has stopped: nothing more is to be had of this process. */
export class EngineGone extends Error {}

/** What a request comes with beside what it does. */
interface RequestNotes<T> {
  /** What is asked for, for the ledger. */
  readonly value?: Json;
  /** What of the answer is for the ledger. */
  readonly answer?: (value: T) => Json;
}

const STOPPED = ["STORE_FAILED", "STORE_CORRUPT"] as const;
const LOOK_AGAIN_MS = 3;

/** Where operations are done from: has the client, and tells the ledger all that is asked and answered. */
export class RecordingClient {
  readonly client: Client;
  /** Which process this is. */
  readonly life: number;
  /** Resolves with the code once the engine has stopped by itself. */
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

  /** What was heard of a step in lives before this one. */
  known({ number }: Operation, step: string): Known | undefined {
    return this.#known.get(number)?.[step];
  }

  /** Starts an operation's flow, or finds it again; `undefined` when it is none, and is to stay so. */
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

  /** Makes a request: intent, request, answer. `act` is given a name of the request that no other has. */
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
      // Of these it is not known what has happened: no answer is the right one.
      if (!isIndefinite(error)) writeEntry({ what: "refused", request, code: codeOf(error) });
      throw this.#unlessGone(error);
    }
  }

  /** Waits for a flow to end, and tells how it did. */
  async finish(operation: Operation, handle: FlowHandle<unknown>): Promise<Outcome | undefined> {
    const outcome = await this.#outcome(handle);
    if (outcome === undefined) return this.#absent(operation);
    writeEntry({ what: "result", op: operation.number, outcome });
    return outcome;
  }

  /** How a flow stands once it is so, or is over; `undefined` when there is none. */
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

/** Waits for a flow to end. Rejects when that is not to be had: there is none, or the engine is gone. */
export async function outcomeOf(handle: FlowHandle<unknown>): Promise<Outcome> {
  try {
    return { status: "completed", value: (await handle.result()) as Json };
  } catch (error) {
    // How a flow failed comes with its failure; what comes without is an answer of the engine.
    if (!HandbackError.is(error) || error.failure === undefined) throw error;
    const { code } = error;
    return { status: code === "CANCELLED" ? "cancelled" : "failed", code };
  }
}

/** Whether an error leaves open what has become of a request. */
export function isIndefinite(error: unknown): boolean {
  if (HandbackError.is(error, ...STOPPED)) return true;
  return HandbackError.is(error, "STORE_FULL") && error.details["definite"] === false;
}

/** The code of an error, or its text. */
export function codeOf(error: unknown): string {
  return HandbackError.is(error)
    ? error.code
    : error instanceof Error
      ? `${error.name}: ${error.message}`
      : String(error);
}
