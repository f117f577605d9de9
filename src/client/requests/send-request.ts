import type { Connection } from "./client-options.ts";
import { errorOfAnswer, noAnswer, readJson } from "./server-error.ts";

/** A request to a route. */
export interface Request {
  readonly method: "GET" | "POST" | "DELETE";
  /** Path below the address of the server, encoded. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON. An empty text is no body. */
  readonly body?: string;
  readonly signal: AbortSignal | undefined;
}

/** An answer of status 2xx. */
export interface Answer {
  readonly status: number;
  /** The body as JSON describes it. `undefined` if it is none. */
  readonly body: unknown;
}

/**
 * Sends a request and reads the answer.
 *
 * @throws the error of the answer; `SERVER_UNAVAILABLE` if there is none; the reason of the signal
 */
export async function sendRequest(connection: Connection, request: Request): Promise<Answer> {
  const response = await openAnswer(connection, request);
  return { status: response.status, body: await readAnswerBody(response, request.signal) };
}

/** Sends a request. Returns an answer of status 2xx, whose body is not read. @throws as above */
export async function openAnswer(
  { base, fetch, headers }: Connection,
  { method, path, body = "", headers: own = {}, signal }: Request,
): Promise<Response> {
  const given = typeof headers === "function" ? await headers() : headers;
  signal?.throwIfAborted();
  const type: Record<string, string> = body === "" ? {} : { "content-type": "application/json" };
  const init = {
    method,
    headers: { ...given, ...type, ...own },
    ...(body !== "" && { body }),
    ...(signal !== undefined && { signal }),
  };
  const response = await fetch(base + path, init).catch((error: unknown) => {
    signal?.throwIfAborted();
    throw noAnswer(error);
  });
  if (response.ok) return response;
  const refused = {
    status: response.status,
    body: await readAnswerBody(response, signal),
    retryAfter: response.headers.get("retry-after"),
  };
  throw errorOfAnswer(refused);
}

async function readAnswerBody(
  response: Response,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const text = await response.text().catch((error: unknown) => {
    signal?.throwIfAborted();
    throw noAnswer(error);
  });
  return readJson(text);
}
