import type { IncomingMessage, ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import type { Log } from "../../../core/host/log.ts";
import { answerRequest } from "./answer-request.ts";
import type { HandleBytes } from "./answer-request.ts";
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
  log: Log,
): Promise<void> {
  const { status, headers, body } = await answerRequest(
    {
      method: request.method ?? "GET",
      contentType: request.headers["content-type"],
      body: () => bodyOf(request),
    },
    handle,
    log,
  );
  // A cluster that has given up the request has closed the connection.
  if (response.destroyed) return;
  response.writeHead(status, headers);
  response.end(body);
}

async function bodyOf(request: NodeRequest): Promise<Uint8Array> {
  return isBytes(request.body) ? request.body : buffer(request);
}
