import type { Log } from "../../../core/host/log.ts";
import { answerRequest } from "./answer-request.ts";
import type { HandleBytes } from "./answer-request.ts";

/** Answers the request of a cluster with Fetch-standard objects. */
export async function answerFetch(
  request: Request,
  handle: HandleBytes,
  log: Log,
): Promise<Response> {
  const { status, headers, body } = await answerRequest(
    {
      method: request.method,
      contentType: request.headers.get("content-type") ?? undefined,
      body: async () => new Uint8Array(await request.arrayBuffer()),
    },
    handle,
    log,
  );
  return new Response(isUnshared(body) ? body : body.slice(), { status, headers: { ...headers } });
}

/** Tells whether bytes are in memory of this thread alone. A response accepts no others. */
function isUnshared(bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> {
  return Object.prototype.toString.call(bytes.buffer) === "[object ArrayBuffer]";
}
