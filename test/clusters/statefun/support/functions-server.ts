import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { answerNode } from "../../../../src/engines/statefun/http/node-handler.ts";

/** A server of functions on loopback. */
export interface FunctionsServer {
  /** Address for the cluster. */
  readonly endpoint: string;
  close(): void;
}

/** Serves functions on a free port. */
export async function serveFunctions(
  handle: (request: Uint8Array) => Promise<Uint8Array>,
): Promise<FunctionsServer> {
  const server = createServer((request, response) => void answerNode(request, response, handle));
  // A cluster keeps idle connections for 15 s.
  server.keepAliveTimeout = 20_000;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}/statefun`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
