import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog } from "handback/engine";
import { kafka } from "handback/statefun/kafka";
import { openAll } from "../../support/open-all.ts";
import type { OnClose } from "../../support/open-all.ts";
import { Broker, MAX_MESSAGE_BYTES } from "./broker.ts";
import { Cluster } from "./cluster.ts";
import type { ClusterOptions } from "./cluster.ts";
import { REPLIES } from "./engines.ts";
import type { Way } from "./engines.ts";
import { serveFunctions } from "./functions-server.ts";
import type { FunctionsServer } from "./functions-server.ts";

/** Begins the names of the topics. */
const TOPICS = "suite";

/** A cluster, the server of its functions, and the way of clients into it and out of it. */
export interface Site {
  readonly server: FunctionsServer;
  readonly cluster: Cluster;
  readonly way: Way;
  close(): Promise<void>;
}

/** Options of {@link openSite}. */
export interface SiteOptions extends Pick<
  ClusterOptions,
  "namespaces" | "parallelism" | "maxBatch"
> {
  /** Leads clients through a Kafka broker. Default: over HTTP. */
  readonly isThroughKafka?: boolean;
}

/** Starts a cluster whose functions are in this process. */
export function openSite(
  handle: (request: Uint8Array) => Promise<Uint8Array>,
  { isThroughKafka = false, ...options }: SiteOptions,
): Promise<Site> {
  return openAll(async (onClose) => {
    const data = mkdtempSync(join(tmpdir(), "handback-statefun-"));
    onClose(() => rmSync(data, { recursive: true, force: true }));
    const broker = isThroughKafka ? await startBroker(join(data, "broker"), onClose) : undefined;
    const server = await serveFunctions(handle);
    onClose(() => server.close());
    const shared = { ...options, data, endpoint: server.endpoint, egresses: [REPLIES] };
    const cluster = await Cluster.start(broker === undefined ? shared : through(broker, shared));
    onClose(() => cluster.stop());
    const way =
      broker === undefined
        ? { ingress: cluster.ingress, egress: cluster.egress(REPLIES) }
        : kafka({
            brokers: [broker.address],
            name: TOPICS,
            maxMessageBytes: MAX_MESSAGE_BYTES,
            log: silentLog,
          });
    onClose(() => way.ingress.close?.());
    return { server, cluster, way };
  });
}

async function startBroker(folder: string, onClose: OnClose): Promise<Broker> {
  const broker = await Broker.start(folder);
  onClose(() => broker.stop());
  await broker.createTopics(TOPICS);
  return broker;
}

/** Each checkpoint ends a transaction of each task. */
function through({ address }: Broker, options: ClusterOptions): ClusterOptions {
  return { ...options, kafka: { address, name: TOPICS }, checkpointEvery: "200ms" };
}
