import { once } from "node:events";
import { createServer } from "node:http2";
import type {
  Http2Server,
  Http2ServerRequest,
  Http2ServerResponse,
  Http2Session,
} from "node:http2";
import type { AddressInfo } from "node:net";
import type { RestateServer } from "./restate-server.ts";

/** Node refuses requests of a connection that has more in memory. Its own default is 10. */
const SESSION_MEMORY_MB = 1_024;

/** A server or a cluster with which programs are registered. */
export type Registry = Pick<RestateServer, "deploy">;

/** Answers the requests of a cluster to a deployment. */
export type Serve = (request: Http2ServerRequest, response: Http2ServerResponse) => void;

/** Many deployments on one port, each at a path of its own. */
export class Deployments {
  readonly #handlers = new Map<string, Serve>();
  readonly #sessions = new Set<Http2Session>();
  readonly #server: Http2Server;
  readonly #restate: Registry;
  #registering: Promise<void> = Promise.resolve();

  private constructor(server: Http2Server, restate: Registry) {
    this.#server = server;
    this.#restate = restate;
  }

  /** Serves deployments of a cluster on a free port. */
  static async serve(restate: Registry): Promise<Deployments> {
    const server = createServer({ maxSessionMemory: SESSION_MEMORY_MB });
    const deployments = new Deployments(server, restate);
    server.on("session", (session) => {
      deployments.#sessions.add(session);
      session.once("close", () => deployments.#sessions.delete(session));
    });
    server.on("request", (request, response) => {
      const [, path = ""] = request.url.split("/");
      const handler = deployments.#handlers.get(path);
      if (handler !== undefined) return handler(request, response);
      response.writeHead(503);
      response.end();
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return deployments;
  }

  /** Serves functions at a path and registers them. One after the other: they share a registry. */
  async add(path: string, handler: Serve): Promise<void> {
    this.#handlers.set(path, handler);
    const { port } = this.#server.address() as AddressInfo;
    const uri = `http://127.0.0.1:${port}/${path}`;
    const registering = this.#registering.then(() => this.#restate.deploy(uri));
    this.#registering = registering.catch(() => undefined);
    await registering;
  }

  /** Serves other code at a path, as if its program had ended and another one had started. */
  replace(path: string, handler: Serve): void {
    this.#handlers.set(path, handler);
    for (const session of this.#sessions) session.destroy();
  }

  /** Stops serving what is at a path, as if its program had ended. */
  remove(path: string): void {
    this.#handlers.delete(path);
  }

  close(): void {
    this.#server.close();
    for (const session of this.#sessions) session.destroy();
  }
}
