import { HandbackError } from "../../../core/errors/errors.ts";
import { logFacts } from "../../../core/errors/log-facts.ts";
import type { Log } from "../../../core/host/log.ts";
import { attemptLater } from "../request/attempt.ts";

/** The type of requests and answers. A cluster accepts no other, and no parameter after it. */
const OCTETS = "application/octet-stream";

/** Handles the bytes of a request. */
export type HandleBytes = (bytes: Uint8Array) => Promise<Uint8Array>;

/** A request over HTTP, from any server. */
export interface HttpRequest {
  readonly method: string;
  readonly contentType: string | undefined;
  /** Reads the body. Rejects if the connection breaks meanwhile. */
  readonly body: () => Promise<Uint8Array>;
}

/** An answer over HTTP. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/**
 * Answers the request of a cluster: 405 for a method other than POST, 415 for another content type,
 * 400 for a body that is no request, 500 if the library fails, and else 200. A cluster repeats a
 * request that got another answer, and in the end restarts its job. So user code never causes one.
 */
export async function answerRequest(
  { method, contentType = "", body }: HttpRequest,
  handle: HandleBytes,
  log: Log,
): Promise<HttpAnswer> {
  if (method !== "POST") return refuse(405, "expected POST", { allow: "POST" });
  if (contentType.split(";")[0]?.trim().toLowerCase() !== OCTETS)
    return refuse(415, `expected the content type ${OCTETS}`);
  const received = await attemptLater(body);
  if ("error" in received) {
    // The connection broke, and the cluster will repeat the request.
    log.debug("the body of a request could not be read", { ...logFacts(received.error) });
    return refuse(500, "the request could not be read");
  }
  try {
    const bytes = received.value;
    if (bytes.length === 0) return refuse(400, "expected a request in the body");
    return answer(200, OCTETS, await handle(bytes));
  } catch (error) {
    if (HandbackError.is(error, "INVALID_INPUT")) return refuse(400, error.message);
    return refuse(500, "the request could not be handled");
  }
}

function refuse(status: number, why: string, headers: Record<string, string> = {}): HttpAnswer {
  const { body, headers: own } = answer(status, "text/plain", new TextEncoder().encode(`${why}\n`));
  return { status, headers: { ...own, ...headers }, body };
}

function answer(status: number, type: string, body: Uint8Array): HttpAnswer {
  return { status, headers: { "content-type": type, "content-length": String(body.length) }, body };
}
