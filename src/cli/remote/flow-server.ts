import { createClient } from "../../client/create-client.ts";
import type { RemoteClient } from "../../client/remote-client.ts";
import { readConnection } from "../../client/requests/client-options.ts";
import type { Connection } from "../../client/requests/client-options.ts";
import { jsonText } from "../../client/requests/json-text.ts";
import { routePath } from "../../client/requests/paths.ts";
import { Persistence } from "../../client/requests/persistence.ts";
import { sendRequest } from "../../client/requests/send-request.ts";
import { isJsonObject, readJson, unexpectedAnswer } from "../../client/requests/server-error.ts";
import { followEvents } from "../../client/streams/follow-events.ts";
import type { ResumeOptions } from "../../futures/repair/repair-options.ts";
import type { RestartOptions } from "../../futures/types/restart.ts";
import type { Fn } from "../../futures/types/function.ts";
import type { DeadLetterPageView } from "../rendering/dead-letter-table.ts";
import type { FlowPageView } from "../rendering/flow-table.ts";
import type { EntryView } from "../rendering/history-line.ts";

/** The address at which `handback serve` listens by default. */
export const DEFAULT_PORT = 4_280;
const DEFAULT_URL = `http://127.0.0.1:${DEFAULT_PORT}`;
/** Time for which a request is sent again while the server does not answer. */
const PATIENCE_MS = 2_000;

/** The server that the options or the environment name. */
export interface ServerOptions {
  readonly url?: string | undefined;
  readonly token?: string | undefined;
}

/** An entry of a history and the place to go on from. */
export interface FollowedEntry {
  readonly cursor: string;
  readonly entry: EntryView;
}

/** A server of flows, with the routes for operators. */
export class FlowServer {
  readonly url: string;
  readonly client: RemoteClient<readonly Fn<unknown, unknown>[]>;
  readonly #connection: Connection;

  /** @throws `INVALID_OPTIONS` */
  constructor(
    { url, token }: ServerOptions,
    environment: Readonly<Record<string, string | undefined>>,
  ) {
    this.url = url ?? (environment["HANDBACK_URL"] || DEFAULT_URL);
    const used = token ?? environment["HANDBACK_TOKEN"];
    const headers: Record<string, string> = used ? { authorization: `Bearer ${used}` } : {};
    const options = { headers, patienceMs: PATIENCE_MS };
    this.client = createClient(this.url, options);
    this.#connection = readConnection(this.url, options);
  }

  /** Reads a page of flows. @throws as the client over HTTP */
  async flows(filter: Readonly<Record<string, string | undefined>>): Promise<FlowPageView> {
    return requirePage<FlowPageView>(await this.#get(routePath("flows"), filter), "flows");
  }

  async countFlows(filter: Readonly<Record<string, string | undefined>>): Promise<number> {
    const answer = await this.#get(routePath("flow-count"), filter);
    if (isJsonObject(answer) && typeof answer["count"] === "number") return answer["count"];
    throw notFromOperator("count");
  }

  async deadLetters(
    options: Readonly<Record<string, string | undefined>>,
  ): Promise<DeadLetterPageView> {
    const page = await this.#get(routePath("dead-letters"), options);
    return requirePage<DeadLetterPageView>(page, "letters");
  }

  /** Sends the message of a dead letter again. @throws `NOT_FOUND`, and as the client over HTTP */
  async redrive(letter: string): Promise<void> {
    await this.#act("POST", routePath("dead-letters", letter, "redrive"));
  }

  /** Deletes a dead letter. @throws as {@link FlowServer.redrive} */
  async discard(letter: string): Promise<void> {
    await this.#act("DELETE", routePath("dead-letters", letter));
  }

  /** Runs a paused call again. @throws `NOT_FOUND`, `NOT_PAUSED`, and as the client over HTTP */
  async resume(flow: string, options: ResumeOptions): Promise<void> {
    await this.#act("POST", routePath("flows", flow, "resume"), jsonText(options, "options"));
  }

  /** Runs a flow again from its start. @throws `NOT_FOUND`, `NOT_RESTARTABLE`, and as the client */
  async restart(flow: string, options: RestartOptions): Promise<void> {
    await this.#act("POST", routePath("flows", flow, "restart"), jsonText(options, "options"));
  }

  /** Pauses a flow. @throws `NOT_FOUND`, `FLOW_OVER`, and as the client over HTTP */
  async pause(flow: string): Promise<void> {
    await this.#act("POST", routePath("flows", flow, "pause"));
  }

  /** Pauses or resumes a function in all flows. @throws `UNKNOWN_FUNCTION`, `NOT_PAUSED` */
  async changeFunction(change: "pause" | "resume", type: string): Promise<void> {
    const path = routePath("paused-functions", ...type.split("/"));
    await this.#act(change === "pause" ? "POST" : "DELETE", path);
  }

  /**
   * Reads the history of a flow: so far, or with `follows` until the flow ends. It connects again
   * after a lost connection.
   */
  history(
    flow: string,
    options: { readonly follows: boolean; readonly after?: string; readonly signal: AbortSignal },
  ): AsyncGenerator<FollowedEntry, void, void> {
    const path = `${routePath("flows", flow, "history")}${options.follows ? "" : "?follow=false"}`;
    const isOver = async (): Promise<boolean> =>
      !options.follows || (await this.client.status(flow)).status !== "pending";
    return this.#follow(path, { ...options, isOver });
  }

  /** Follows the starts and ends of flows. It never ends by itself. */
  events(options: {
    readonly function?: string;
    readonly after?: string;
    readonly signal: AbortSignal;
  }): AsyncGenerator<FollowedEntry, void, void> {
    const query = queryText({ function: options.function });
    return this.#follow(`/events${query}`, options);
  }

  /** Sends a request once, because a second one could count twice. */
  async #act(method: "POST" | "DELETE", path: string, body = ""): Promise<void> {
    await sendRequest(this.#connection, { method, path, body, signal: undefined });
  }

  async *#follow(
    path: string,
    options: {
      readonly after?: string;
      readonly signal: AbortSignal;
      readonly isOver?: () => Promise<boolean>;
    },
  ): AsyncGenerator<FollowedEntry, void, void> {
    for await (const { id, data } of followEvents(this.#connection, { path, ...options }))
      if (id !== undefined) yield { cursor: id, entry: readJson(data) as EntryView };
  }

  async #get(path: string, query: Readonly<Record<string, string | undefined>>): Promise<unknown> {
    const request = { method: "GET", path: path + queryText(query), signal: undefined } as const;
    const { body } = await new Persistence(PATIENCE_MS, undefined).run(() =>
      sendRequest(this.#connection, request),
    );
    return body;
  }
}

function queryText(query: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(query).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return given.length === 0 ? "" : `?${new URLSearchParams(given).toString()}`;
}

/** Checks that an answer is a page. @throws `UNEXPECTED_ANSWER` */
function requirePage<Page>(answer: unknown, list: keyof Page & string): Page {
  if (isJsonObject(answer) && Array.isArray(answer[list])) return answer as Page;
  throw notFromOperator(list);
}

function notFromOperator(what: string): Error {
  return unexpectedAnswer(200, `${what}: the answer is not one of a server of flows`);
}
