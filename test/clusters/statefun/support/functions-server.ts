import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout } from "node:timers/promises";
import { silentLog } from "../../../../src/engine.ts";
import { answerNode } from "../../../../src/engines/statefun/http/node-handler.ts";

/** A server of functions on loopback. */
export interface FunctionsServer {
  /** Address for the cluster. */
  readonly endpoint: string;
  /** Cuts all connections and takes no new ones for a while, as a crash of the process does. */
  crash(downMs: number): Promise<void>;
  close(): void;
}

/** Serves functions on a free port. */
export async function serveFunctions(
  handle: (request: Uint8Array) => Promise<Uint8Array>,
): Promise<FunctionsServer> {
  const server = createServer(
    (request, response) => void answerNode(request, response, handle, silentLog),
  );
  // A cluster keeps idle connections for 15 s.
  server.keepAliveTimeout = 20_000;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}/statefun`,
    async crash(downMs) {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
      await setTimeout(downMs);
      server.listen(port, "127.0.0.1");
      await once(server, "listening");
    },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
