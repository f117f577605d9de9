import { readOptions } from "../core/validation/options.ts";
import { answerFetch } from "../engines/statefun/http/fetch-handler.ts";
import { answerNode } from "../engines/statefun/http/node-handler.ts";
import type { NodeRequest, NodeResponse } from "../engines/statefun/http/node-handler.ts";
import { fn } from "../futures/define/fn.ts";
import type { Handler } from "../futures/types/define.ts";
import { guardedHost } from "../engines/embedded/host/guarded-host.ts";
import { MODULE_OPTIONS } from "./options.ts";
import type { RequestReplyOptions } from "./options.ts";
import { RemoteModule } from "./remote-module.ts";

/** Answers the requests of a Stateful Functions cluster. */
export interface RequestReply {
  /**
   * Handles the bytes of a request: messages for one function, with its values. Returns the bytes of
   * its effects.
   * @throws `INVALID_INPUT` if the bytes are no request, `CANCELLED` if the cluster has sent another
   * request for the address before this one was handled. No failure of a function rejects.
   */
  handle(this: void, request: Uint8Array): Promise<Uint8Array>;
  /** Answers a Fetch-standard request, for Hono, Deno, Bun and workers. */
  fetch(this: void, request: Request): Promise<Response>;
  /** Answers a request of `node:http`, and of Express. */
  node(this: void, request: NodeRequest, response: NodeResponse): Promise<void>;
  /**
   * Adds a function later, by its type and handler. @throws `DUPLICATE_FUNCTION`, `INVALID_NAME`,
   * `INVALID_HANDLER`
   */
  register<Input, Return>(type: string, handler: Handler<Input, Return>): void;
  /** Types of the functions that are served, for `moduleYaml`. */
  readonly functions: readonly string[];
}

/**
 * Serves functions to an existing Stateful Functions cluster, beside functions in other languages.
 * The cluster keeps messages and state, and sends each batch of messages as one request. Any HTTP
 * framework can carry the requests.
 *
 * @throws `INVALID_OPTIONS`, `INVALID_NAME`, `DUPLICATE_FUNCTION`
 * @example
 * import { fn } from "handback";
 * import { requestReply } from "handback/statefun";
 *
 * const hello = fn("docs/hello", (ctx, name: string) => {
 *   ctx.send("mail/sender", name, `hello ${name}`);
 * });
 * const module = requestReply({ functions: [hello], remotes: ["mail/sender"] });
 * export default { fetch: module.fetch };
 */
export function requestReply(options: RequestReplyOptions = {}): RequestReply {
  const used = guardedHost("requestReply", readOptions("requestReply", MODULE_OPTIONS, options));
  return faceOf(new RemoteModule(used));
}

/** Returns the object that users hold. */
export function faceOf(module: RemoteModule): RequestReply {
  const handle = (bytes: Uint8Array): Promise<Uint8Array> => module.handle(bytes);
  return {
    handle,
    fetch: (request) => answerFetch(request, handle, module.log),
    node: (request, response) => answerNode(request, response, handle, module.log),
    register: (type, handler) => module.register(fn(type, handler)),
    get functions() {
      return module.types();
    },
  };
}
