import { HandbackError } from "../../../core/errors/errors.ts";
import { Client } from "../../../futures/client/client.ts";
import type {
  FlowHandle,
  FlowStatus,
  SignalOptions,
  StartOptions,
} from "../../../futures/client/client.ts";
import type { FlowsOptions } from "../../../futures/listing/flow-filter.ts";
import type { FlowSummary } from "../../../futures/listing/flow-summary.ts";
import type { FlowsPage } from "../../../futures/listing/list-flows.ts";
import { pagesOf } from "../../../futures/listing/pages.ts";
import type { Page, Pages } from "../../../futures/listing/pages.ts";
import type { Cursor } from "../../../futures/client/journal/cursor.ts";
import type {
  EventsOptions,
  FlowHistoryOptions,
  ReadHistoryOptions,
} from "../../../futures/client/journal/history-entry.ts";
import type { StreamOptions } from "../../../futures/client/journal/stream-item.ts";
import type { DeadLetterReport } from "../../../futures/client/stored/dead-letter.ts";
import type {
  DeadLettersOptions,
  DeadLettersPage,
} from "../../../futures/client/stored/list-dead-letters.ts";
import type {
  ListedState,
  StatesOptions,
  StatesPage,
} from "../../../futures/client/stored/list-states.ts";
import type { Invokable } from "../../../futures/types/function.ts";
import { idNamesFlow } from "../../../futures/define/flow-per-id.ts";
import { specOf } from "../../../futures/define/spec.ts";
import type { Decisions } from "../faults/decisions.ts";
import type { Host } from "./host.ts";
import type { Trace } from "../record/trace.ts";

/** The parts of a client that outlives its engines. */
export interface ReconnectingClientParts {
  readonly decisions: Decisions;
  readonly trace: Trace;
  /** Returns the process that runs now, or waits for the next one. */
  readonly host: () => Promise<Host>;
  /** Runs an action now or a little later. */
  readonly soon: (action: () => void) => void;
}

/** Sends a request to an engine's client. `isAgain` is true if an answer to it was lost. */
type Send<Result> = (client: Client, isAgain: boolean) => Promise<Result>;

/** Requests that may be sent twice without a second effect. */
const REPEATABLE = new Set(["settle", "reject"]);

/** Requests about a paused call, which goes on with the first. */
const REPAIRS = new Set(["resume", "fail"]);

/**
 * Makes a client that outlives crashes, like a client on another machine: if a crash loses the
 * answer to a request, the client sends the request to the next engine.
 *
 * RE1 A start without a key gets one, so that it starts one flow however often it is sent.
 * RE2 A signal without a key may arrive twice if its answer was lost.
 */
export function reconnectingClient(parts: ReconnectingClientParts): Client {
  const requests = new Requests(parts);
  return new Proxy(Object.create(Client.prototype) as Client, {
    get(_, name): unknown {
      if (name === "start") return requests.start;
      if (name === "call") return requests.call;
      if (name === "flow") return requests.flow;
      if (name === "flows") return requests.flows;
      if (name === "history") return requests.history;
      if (name === "events") return requests.events;
      if (name === "states") return requests.states;
      if (name === "deadLetters") return requests.deadLetters;
      const member: unknown = Reflect.get(Client.prototype, name);
      if (typeof name !== "string" || typeof member !== "function") return undefined;
      return (...args: readonly unknown[]) => requests.send(name, args);
    },
  });
}

class Requests {
  readonly #parts: ReconnectingClientParts;
  #requests = 0;
  #starts = 0;

  constructor(parts: ReconnectingClientParts) {
    this.#parts = parts;
  }

  readonly start = async (
    f: Invokable<unknown, unknown>,
    input?: unknown,
    options?: StartOptions,
  ): Promise<FlowHandle<unknown>> => {
    const keyed = this.#keyed(f, options);
    const handle = await this.#request("start", true, (client) => client.start(f, input, keyed));
    return this.#handle(handle.id, handle.stateId);
  };

  readonly call = async (
    f: Invokable<unknown, unknown>,
    input?: unknown,
    options?: StartOptions,
  ): Promise<unknown> => {
    const handle = await this.start(f, input, options);
    return handle.result();
  };

  readonly flow = (id: string): FlowHandle<unknown> => this.#handle(id, undefined);

  readonly flows = (options: FlowsOptions = {}): Pages<FlowsPage, FlowSummary> =>
    this.#pages(
      "flows",
      (client, cursor) => client.flows({ ...options, ...cursor }),
      ({ flows }) => flows,
    );

  readonly states = (f: object, options: StatesOptions = {}): Pages<StatesPage, ListedState> =>
    this.#pages(
      "states",
      (client, cursor) => client.states(f, { ...options, ...cursor }),
      ({ states }) => states,
    );

  readonly deadLetters = (
    options: DeadLettersOptions = {},
  ): Pages<DeadLettersPage, DeadLetterReport> =>
    this.#pages(
      "deadLetters",
      (client, cursor) => client.deadLetters({ ...options, ...cursor }),
      ({ letters }) => letters,
    );

  /** Reads each page from the engine of that time. */
  #pages<Read extends Page, Item>(
    method: string,
    readPage: (client: Client, place: { readonly cursor?: string }) => Promise<Read>,
    itemsOf: (page: Read) => readonly Item[],
  ): Pages<Read, Item> {
    return pagesOf(
      (cursor) =>
        this.#request(method, false, async (client) =>
          readPage(client, cursor === undefined ? {} : { cursor }),
        ),
      itemsOf,
    );
  }

  /** Sends a request of any other kind. */
  async send(method: string, args: readonly unknown[]): Promise<unknown> {
    const [flow, , , options] = args;
    const isKeyed = (options as SignalOptions | undefined)?.key !== undefined;
    const isRepeatable = REPEATABLE.has(method) || (method === "signal" && isKeyed);
    return this.#request(method, isRepeatable, async (client, isAgain) => {
      const member: unknown = Reflect.get(client, method);
      if (typeof member !== "function") return undefined;
      try {
        const result: unknown = await Reflect.apply(member, client, args);
        // If the flow is already over, the lost request may have canceled it.
        return method === "cancel" && isAgain && result === false
          ? (await client.status(flow as string)).status === "cancelled"
          : result;
      } catch (error) {
        // The lost request may have succeeded, and its effect may be over by now.
        if (isAgain && method === "signal" && !isKeyed && HandbackError.is(error, "FLOW_OVER"))
          return undefined;
        if (isAgain && method === "restart" && HandbackError.is(error, "NOT_RESTARTABLE"))
          return undefined;
        if (isAgain && REPAIRS.has(method) && HandbackError.is(error, "NOT_PAUSED"))
          return undefined;
        if (isAgain && method === "purge" && HandbackError.is(error, "NOT_FOUND")) return true;
        throw error;
      }
    });
  }

  #handle(id: string, stateId: string | undefined): FlowHandle<unknown> {
    return {
      id,
      stateId,
      result: (options) =>
        this.#request("result", false, (client) => client.flow(id).result(options)),
      status: (): Promise<FlowStatus> =>
        this.#request("status", false, (client) => client.status(id)),
      changes: (options) => this.#follow((client, on) => client.flow(id).changes(on), options),
      stream: <T>(channel: string, options?: StreamOptions) =>
        this.#follow((client, on) => client.flow(id).stream<T>(channel, on), options),
    };
  }

  /** Reads on one engine after the other, each time after the last item that came. */
  async *#follow<Item extends { readonly cursor: Cursor }, Options extends ReadHistoryOptions>(
    read: (client: Client, options: Options) => AsyncGenerator<Item, void, void>,
    options = {} as Options,
  ): AsyncGenerator<Item, void, void> {
    let { after } = options;
    let reading: { readonly on: Client; readonly items: AsyncIterator<Item, void> } | undefined;
    try {
      for (;;) {
        const next = await this.#request("read", false, async (client) => {
          if (reading?.on !== client)
            reading = { on: client, items: read(client, { ...options, after }) };
          return reading.items.next();
        });
        if (next.done === true) return;
        ({ cursor: after } = next.value);
        yield next.value;
      }
    } finally {
      void reading?.items.return?.();
    }
  }

  readonly history = (flow: string | FlowHandle<unknown>, options?: FlowHistoryOptions) =>
    this.#follow((client, on: FlowHistoryOptions) => client.history(flow, on), options);

  readonly events = (options?: EventsOptions) =>
    this.#follow((client, on: EventsOptions) => client.events(on), options);

  #keyed(f: Invokable<unknown, unknown>, options: StartOptions | undefined): StartOptions {
    const start = ++this.#starts;
    const spec = specOf(f);
    const idIsKey = spec === undefined || idNamesFlow(spec, f.operation);
    const isKeyed = options?.key !== undefined || (typeof options?.id === "string" && idIsKey);
    return isKeyed ? options : { ...options, key: `call-${start}` };
  }

  async #request<Result>(
    method: string,
    isRepeatable: boolean,
    send: Send<Result>,
  ): Promise<Result> {
    const { decisions, soon, trace } = this.#parts;
    const request = ++this.#requests;
    if (isRepeatable && decisions.repeats(request)) {
      // Ignore the answer to the duplicate: the first answer counts.
      soon(() => {
        trace.add({ event: "request", request, method, why: "repeated" });
        this.#persist({ request, method }, send).catch(() => undefined);
      });
    }
    trace.add({ event: "request", request, method });
    try {
      const result = await this.#persist({ request, method }, send);
      trace.add({ event: "answer", request });
      return result;
    } catch (error) {
      trace.add({
        event: "answer",
        request,
        error: HandbackError.is(error) ? error.code : "Error",
      });
      throw error;
    }
  }

  /** Sends a request to one engine after the other until one answers. */
  async #persist<Result>(
    about: { readonly request: number; readonly method: string },
    send: Send<Result>,
  ): Promise<Result> {
    for (let sent = 0; ;) {
      const host = await this.#parts.host();
      const { engine } = host;
      if (engine === undefined) continue;
      const isAgain = sent++ > 0;
      if (isAgain) this.#parts.trace.add({ event: "request", ...about, why: "again" });
      const lost = host.ended.then((): typeof LOST => LOST);
      const answer = await Promise.race([
        send(engine.client, isAgain).catch((error: unknown) => {
          // The process has ended or is about to end, so its error is no answer: ask the next one.
          if (host.isEnding && HandbackError.is(error, "CLOSED", "STORE_FAILED")) return lost;
          throw error;
        }),
        lost,
      ]);
      if (answer !== LOST) return answer;
    }
  }
}

const LOST: unique symbol = Symbol("lost");
