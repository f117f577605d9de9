import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog } from "handback/engine";
import { statefun } from "handback/statefun";
import type { Statefun, StatefunOptions } from "handback/statefun";
import { kafka } from "handback/statefun/kafka";
import type { KafkaOptions } from "handback/statefun/kafka";
import { openAll } from "../../support/open-all.ts";
import type { OnClose } from "../../support/open-all.ts";
import { Broker } from "../support/broker.ts";
import { Cluster } from "../support/cluster.ts";
import { serveFunctions } from "../support/functions-server.ts";
import { SHOP, WAY } from "./functions.ts";

/** Largest record of a topic by default. The client expects it. */
const KAFKA_DEFAULT_BYTES = 1_048_588;

/** The shop on a real cluster, whose clients come through a real broker. */
export interface Shop {
  readonly broker: Broker;
  readonly cluster: Cluster;
  /** Opens a client. */
  open(options?: Partial<StatefunOptions & KafkaOptions>): Statefun;
  close(): Promise<void>;
}

/** Starts a broker, the functions, and a cluster. */
export function openShop(): Promise<Shop> {
  return openAll(openParts);
}

async function openParts(onClose: OnClose): Promise<Omit<Shop, "close">> {
  const folder = mkdtempSync(join(tmpdir(), "handback-kafka-"));
  onClose(() => rmSync(folder, { recursive: true, force: true }));
  const broker = await Broker.start(join(folder, "broker"));
  onClose(() => broker.stop());
  await broker.createTopics(WAY, KAFKA_DEFAULT_BYTES);
  const way = { brokers: [broker.address], name: WAY, log: silentLog };
  const open: Shop["open"] = ({ brokers, name, patience, ...options } = {}) => {
    const given = { ...way, ...(brokers && { brokers }), ...(name && { name }) };
    const through = kafka(patience === undefined ? given : { ...given, patience });
    return statefun({ functions: SHOP, log: silentLog, ...through, ...options });
  };
  const served = open();
  onClose(() => served.close());
  const server = await serveFunctions(served.handle);
  onClose(() => server.close());
  const cluster = await Cluster.start({
    data: folder,
    endpoint: server.endpoint,
    namespaces: ["_sys", "shop"],
    egresses: ["harness/out"],
    kafka: { address: broker.address, name: WAY },
    checkpointEvery: "200ms",
  });
  onClose(() => cluster.stop());
  return { broker, cluster, open };
}
