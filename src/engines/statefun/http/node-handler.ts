import type { IncomingMessage, ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { answerFetch } from "./fetch-handler.ts";
import type { HandleBytes } from "./fetch-handler.ts";
import { isBytes } from "../types/is-bytes.ts";

/** A request of `node:http`. A body parser may have set `body`. */
export type NodeRequest = IncomingMessage & { readonly body?: unknown };

/** A response of `node:http`. */
export type NodeResponse = ServerResponse;

/**
 * Answers the request of a cluster with the objects of `node:http`, for plain servers, Express and
 * Fastify. A body that a parser has read already is taken from `request.body`, if it is bytes.
 */
export async function answerNode(
  request: NodeRequest,
  response: NodeResponse,
  handle: HandleBytes,
): Promise<void> {
  const { method = "GET", headers } = request;
  const type = headers["content-type"] ?? "";
  const hasBody = method !== "GET" && method !== "HEAD";
  const answer = await answerFetch(
    new Request("http://localhost/", {
      method,
      headers: { "content-type": type },
      ...(hasBody && { body: await bodyOf(request) }),
    }),
    handle,
  );
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  response.end(new Uint8Array(await answer.arrayBuffer()));
}

async function bodyOf(request: NodeRequest): Promise<Uint8Array<ArrayBuffer>> {
  if (isBytes(request.body)) return request.body.slice();
  return new Uint8Array(await buffer(request));
}
