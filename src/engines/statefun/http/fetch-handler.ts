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
  // A copy in a buffer of its own, because types of older platforms accept no other.
  return new Response(body.slice(), { status, headers: { ...headers } });
}
