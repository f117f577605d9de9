import { createAdaptorServer } from "@hono/node-server";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import {
  checkedBy,
  invalidOption,
  optional,
  readOptions,
  wholeNumber,
  withDefault,
} from "../core/validation/options.ts";
import type { OptionTable } from "../core/validation/options.ts";
import { clearTimeout, setTimeout } from "../machine/real-time.ts";
import { problemAnswer } from "./error-response.ts";
import { defaultHosts, isForHost, readHosts } from "./requests/allowed-hosts.ts";
import type { Hosts } from "./requests/allowed-hosts.ts";
import { ProblemError } from "./responses/problem.ts";

/** Options of `serveHttp`. */
export interface ServeOptions {
  /** Port to listen on. Default: 0, any free port. */
  readonly port?: number;
  /** Network interface. Default: `"127.0.0.1"`, which other machines cannot reach. */
  readonly hostname?: string;
  /**
   * Hosts under which the server answers, such as `api.example`, or `"any"`. Other requests are
   * answered with 421. Default: for a loopback interface `localhost`, `127.0.0.1` and `[::1]`, so
   * that no page of another site reaches the server under a name of its own (DNS rebinding); else
   * any.
   */
  readonly hosts?: readonly string[] | "any";
  /** Greatest number of open connections, from 1. Default: 10,000. */
  readonly maxConnections?: number;
}

const OPTIONS = {
  port: withDefault(0, wholeNumber({ from: 0, to: 65_535 })),
  hostname: withDefault("127.0.0.1", checkedBy(readHostname)),
  hosts: optional(checkedBy(readHosts)),
  maxConnections: withDefault(10_000, wholeNumber({ from: 1 })),
} satisfies OptionTable<ServeOptions>;

function readHostname(value: unknown, name: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw invalidOption(name, "the name or address of a network interface", value);
}

/** A running server. */
export interface HttpServer {
  readonly url: string;
  readonly port: number;
  /**
   * Accepts no more connections and lets running requests end, for up to 5 s. Resolves when all
   * connections are closed.
   */
  close(): Promise<void>;
}

/** Limits for slow clients: the time for the head of a request and for all of it, in ms. */
const SLOW_CLIENT_LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 1_000,
  maxHeaderSize: 16_384,
};
const CLOSING_MS = 5_000;

/**
 * Serves an app on Node, with limits for slow clients.
 *
 * @throws `INVALID_OPTIONS`; rejects with the error of `node:http` if it cannot listen, for example
 * because the port is in use
 * @example
 * import { embedded, fn, memory } from "handback";
 * import { asyncHttp, serveHttp } from "handback/http";
 *
 * const hello = fn("docs/hello", (_, name: string) => `hello ${name}`);
 * const engine = await embedded({ functions: [hello], store: memory() });
 * const server = await serveHttp(asyncHttp(engine.client, { functions: [hello] }));
 * const answer = await fetch(`${server.url}/functions/docs/hello?wait=5`, {
 *   method: "POST",
 *   body: JSON.stringify("Ada"),
 *   headers: { "content-type": "application/json" },
 * });
 * console.log(answer.status); // 200
 * await server.close();
 * await engine.close();
 */
export async function serveHttp(
  app: { readonly fetch: (request: Request, env: unknown) => Response | Promise<Response> },
  options: ServeOptions = {},
): Promise<HttpServer> {
  const { port, hostname, maxConnections, ...given } = readOptions("serveHttp", OPTIONS, options);
  // Until the server is bound, there are no requests.
  let hosts: Hosts = [];
  const server = createAdaptorServer({
    fetch: (request, env) =>
      isForHost(request, hosts)
        ? app.fetch(request, env)
        : problemAnswer(new ProblemError("WRONG_HOST")),
    serverOptions: SLOW_CLIENT_LIMITS,
  }) as Server;
  server.maxConnections = maxConnections;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port, host: hostname }, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const { port: bound, family, address } = server.address() as AddressInfo;
  hosts = given.hosts ?? defaultHosts(address);
  return {
    port: bound,
    url: `http://${family === "IPv6" ? `[${address}]` : address}:${bound}`,
    close: () => closeServer(server),
  };
}

async function closeServer(server: Server): Promise<void> {
  const timer = setTimeout(() => server.closeAllConnections(), CLOSING_MS);
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
  clearTimeout(timer);
}
