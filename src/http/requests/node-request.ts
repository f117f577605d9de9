import type { Context } from "hono";
import type { IncomingMessage } from "node:http";

/** A request of Node's server, with the properties that frameworks add to it. */
export interface NodeRequest extends IncomingMessage {
  /** The body as a parser left it. */
  readonly body?: unknown;
  /** The bytes or text of the body, kept by a parser. */
  readonly rawBody?: unknown;
  /** The URL as sent, if a framework has cut a prefix off `url`. */
  readonly originalUrl?: unknown;
}

/** The connection of a request: a socket, or a session of HTTP/2. */
export interface Connection {
  readonly destroyed: boolean;
  once(event: "close", listener: () => void): unknown;
}

/** Returns the connection of a request, if it still has one. */
export function connectionOf(node: NodeRequest): Connection | undefined {
  const { stream } = node as { readonly stream?: { readonly session?: Connection } };
  return stream === undefined ? node.socket : stream.session;
}

/**
 * Returns the request of Node's server behind a Fetch request, if there is one. The listener of
 * `@hono/node-server` passes it beside the Fetch request, and keeps it in that request.
 */
export function nodeRequestOf(c: Context): NodeRequest | undefined {
  const { incoming } = (c.env ?? {}) as { readonly incoming?: unknown };
  return isNodeRequest(incoming) ? incoming : wrappedRequest(c.req.raw);
}

/**
 * Returns true if the Fetch request reads its body from this request of Node's server, and nothing
 * has begun to read it.
 */
export function isUnread(node: NodeRequest, request: Request): boolean {
  return (
    !node.readableDidRead &&
    !node.destroyed &&
    node.listenerCount("data") === 0 &&
    node.listenerCount("readable") === 0 &&
    wrappedRequest(request) === node
  );
}

/** The listener's own kind of Fetch request keeps the request of Node's server as a property. */
function wrappedRequest(request: object): NodeRequest | undefined {
  for (const symbol of Object.getOwnPropertySymbols(request)) {
    const value: unknown = Reflect.get(request, symbol);
    if (isNodeRequest(value)) return value;
  }
  return undefined;
}

function isNodeRequest(value: unknown): value is NodeRequest {
  return (
    typeof value === "object" && value !== null && "readableDidRead" in value && "socket" in value
  );
}
