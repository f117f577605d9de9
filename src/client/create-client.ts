import type { EngineStats } from "../core/engine/engine-stats.ts";
import { HandbackError } from "../core/errors/errors.ts";
import type { Fn } from "../futures/types/function.ts";
import type { RemoteClient } from "./remote-client.ts";
import { readConnection } from "./requests/client-options.ts";
import type { ClientOptions, Connection } from "./requests/client-options.ts";
import { keyHeader, randomKey } from "./requests/idempotency-key.ts";
import { jsonText } from "./requests/json-text.ts";
import { functionPath, routePath } from "./requests/paths.ts";
import { Persistence } from "./requests/persistence.ts";

import { readReport, readStarted, readStats } from "./requests/reports.ts";
import { sendRequest } from "./requests/send-request.ts";
import type { Answer, Request } from "./requests/send-request.ts";
import { errorOfFlow } from "./requests/server-error.ts";
import { followStream } from "./streams/follow-stream.ts";
import type {
  RemoteFlow,
  RemoteItem,
  RemoteSignalOptions,
  RemoteStartOptions,
  RemoteStatus,
  RemoteStreamOptions,
  RequestOptions,
} from "./types/remote-flow.ts";

/** Time, in seconds, that one request waits for a flow. */
const WAIT_SECONDS = 50;

/**
 * Makes a client for a server of `asyncHttp`. It runs in browsers and on Node, and depends on
 * nothing. Its types come from the functions, of which it needs no code: `import type`.
 *
 * @param url - the address at which the server mounts the app, such as `https://api.example/api`
 * @throws `INVALID_OPTIONS`
 * @example
 * import { embedded, fn, memory } from "handback";
 * import { createClient } from "handback/client";
 * import { asyncHttp, serveHttp } from "handback/http";
 *
 * const double = fn("docs/remote-double", (_, n: number) => 2 * n);
 * const functions = [double];
 * const engine = await embedded({ functions, store: memory() });
 * const server = await serveHttp(asyncHttp(engine.client, { functions }));
 *
 * const client = createClient<typeof functions>(server.url);
 * const flow = await client.start("docs/remote-double", 21);
 * console.log(await flow.result(), (await flow.status()).status); // 42 completed
 * await Promise.all([server.close(), engine.close()]);
 */
export function createClient<Functions = readonly Fn<unknown, unknown>[]>(
  url: string,
  options: ClientOptions = {},
): RemoteClient<Functions> {
  return new HttpClient(readConnection(url, options));
}

/** The client of any functions. The interface that users see has their types. */
class HttpClient implements RemoteClient<readonly Fn<unknown, unknown>[]> {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async start<Output>(
    f: unknown,
    input?: unknown,
    options: RemoteStartOptions = {},
  ): Promise<RemoteFlow<Output>> {
    const { body } = await this.#begin(f, { input, options, wait: 0 });
    const { id, stateId } = readStarted(body);
    return this.#handle(id, stateId);
  }

  async call<Output>(
    f: unknown,
    input?: unknown,
    options: RemoteStartOptions = {},
  ): Promise<Output> {
    const { body } = await this.#begin(f, { input, options, wait: WAIT_SECONDS });
    const report = readReport(body);
    return report.status === "pending"
      ? this.result<Output>(report.id, options)
      : (outputOfReport(report) as Output);
  }

  flow<Output = unknown>(id: string): RemoteFlow<Output> {
    routePath(id);
    return this.#handle(id, undefined);
  }

  async result<Output>(
    flow: string | RemoteFlow<Output>,
    { signal }: RequestOptions = {},
  ): Promise<Output> {
    const path = `${flowPath(flow)}?wait=${WAIT_SECONDS}`;
    for (;;) {
      const { body } = await this.#sendAgain({ method: "GET", path, signal });
      const report = readReport(body);
      if (report.status !== "pending") return outputOfReport(report) as Output;
    }
  }

  async status<Output>(
    flow: string | RemoteFlow<Output>,
    { signal }: RequestOptions = {},
  ): Promise<RemoteStatus<Output>> {
    const { body } = await this.#sendAgain({ method: "GET", path: flowPath(flow), signal });
    return readReport(body) as RemoteStatus<Output>;
  }

  async stats({ signal }: RequestOptions = {}): Promise<EngineStats> {
    const { body } = await this.#sendAgain({ method: "GET", path: routePath("stats"), signal });
    return readStats(body);
  }

  stream<Value = unknown>(
    flow: string | RemoteFlow,
    channel: string,
    options: RemoteStreamOptions = {},
  ): AsyncGenerator<RemoteItem<Value>, void, void> {
    const followed = { ...options, flow: flowIdOf(flow), channel };
    return followStream(this.#connection, followed) as AsyncGenerator<
      RemoteItem<Value>,
      void,
      void
    >;
  }

  async signal(
    flow: string | RemoteFlow,
    event: string,
    value?: unknown,
    { key, signal }: RemoteSignalOptions = {},
  ): Promise<void> {
    const request = {
      method: "POST",
      path: flowPath(flow, "events", event),
      body: jsonText(value, "value"),
      ...(key !== undefined && { headers: keyHeader(key) }),
      signal,
    } as const;
    await (key === undefined ? sendRequest(this.#connection, request) : this.#sendAgain(request));
  }

  async cancel(flow: string | RemoteFlow, options: RequestOptions = {}): Promise<boolean> {
    const request = { method: "POST", path: flowPath(flow, "cancel") } as const;
    return this.#unless("FLOW_OVER", { ...request, signal: options.signal });
  }

  async purge(flow: string | RemoteFlow, options: RequestOptions = {}): Promise<boolean> {
    const request = { method: "DELETE", path: flowPath(flow), signal: options.signal } as const;
    return this.#unless("STILL_PENDING", request);
  }

  /** Starts a flow. Its key makes it safe to send the start again. */
  #begin(
    f: unknown,
    { input, options, wait }: { input: unknown; options: RemoteStartOptions; wait: number },
  ): Promise<Answer> {
    const { id, key = randomKey(), signal } = options;
    const query = new URLSearchParams({
      ...(id !== undefined && { id }),
      ...(wait > 0 && { wait: String(wait) }),
    }).toString();
    return this.#sendAgain({
      method: "POST",
      path: functionPath(f) + (query === "" ? "" : `?${query}`),
      headers: keyHeader(key),
      body: jsonText(input, "input"),
      signal,
    });
  }

  /** Sends a request that may count only once, until the server answers. */
  #sendAgain(request: Request): Promise<Answer> {
    const persistence = new Persistence(this.#connection.patienceMs, request.signal);
    return persistence.run(() => sendRequest(this.#connection, request));
  }

  /** Sends a request. Returns false if the server answers with this problem. */
  async #unless(problem: string, request: Request): Promise<boolean> {
    try {
      await sendRequest(this.#connection, request);
      return true;
    } catch (error) {
      if (HandbackError.is(error) && error.details["problem"] === problem) return false;
      throw error;
    }
  }

  #handle<Output>(id: string, stateId: string | undefined): RemoteFlow<Output> {
    return {
      id,
      stateId,
      result: (options) => this.result(id, options),
      status: (options) => this.status(id, options),
      stream: (channel, options) => this.stream(id, channel, options),
    };
  }
}

/** Returns the output of a flow that has ended. @throws its failure, or `CANCELLED` */
function outputOfReport({ id, status, output, error }: RemoteStatus): unknown {
  if (status === "completed") return output;
  if (status === "failed") throw errorOfFlow(id, error);
  throw new HandbackError("CANCELLED", "the flow was canceled", { details: { flow: id } });
}

function flowPath(flow: string | { readonly id: string }, ...rest: readonly string[]): string {
  return routePath("flows", flowIdOf(flow), ...rest);
}

function flowIdOf(flow: string | { readonly id: string }): string {
  return typeof flow === "string" ? flow : flow.id;
}
