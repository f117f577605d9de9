import { freePort } from "../../support/free-port.ts";
import { RestateServer } from "./restate-server.ts";

/** Copies of everything that the cluster keeps, so that it goes on without one node. */
const REPLICATION = 2;
const PARTITIONS = 6;

/** A cluster of Restate servers on loopback, each with a folder of its own. */
export class RestateCluster {
  readonly #nodes: RestateServer[] = [];
  /** Addresses of the nodes with which the cluster began. A new node joins there. */
  readonly #seeds: readonly string[];
  #started = 0;

  private constructor(ports: readonly number[]) {
    this.#seeds = ports.map((port) => `http://127.0.0.1:${port}`);
  }

  /** Starts a cluster of `size` nodes and waits until all of them are healthy. */
  static async start(size = 3): Promise<RestateCluster> {
    const ports = await Promise.all(Array.from({ length: size }, () => freePort()));
    const cluster = new RestateCluster(ports);
    await Promise.all(ports.map((port) => cluster.#add(port)));
    return cluster;
  }

  /** The nodes that run, or that were killed. */
  get nodes(): readonly RestateServer[] {
    return this.#nodes;
  }

  /** Addresses of the ingress, one for each node. */
  get ingress(): readonly string[] {
    return this.#nodes.map((node) => node.ingress);
  }

  /** Registers the functions at an address with the cluster. */
  async deploy(uri: string): Promise<void> {
    await this.#nodes[0]?.deploy(uri);
  }

  /** Returns everything that the nodes have logged. */
  log(): string {
    return this.#nodes.map((node) => node.log()).join("");
  }

  /** Replaces a node, whose disk is lost, by a new one with an empty disk. */
  async replace(index: number): Promise<void> {
    const [lost] = this.#nodes.splice(index, 1);
    await lost?.stop();
    await this.#add(await freePort());
  }

  async stop(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node.stop()));
  }

  async #add(port: number): Promise<void> {
    const number = ++this.#started;
    const settings = {
      RESTATE_CLUSTER_NAME: "handback-cluster",
      RESTATE_NODE_NAME: `n${number}`,
      // One node makes the cluster, and the others join it.
      RESTATE_AUTO_PROVISION: String(number === 1),
      RESTATE_DEFAULT_REPLICATION: String(REPLICATION),
      RESTATE_DEFAULT_NUM_PARTITIONS: String(PARTITIONS),
      RESTATE_BIFROST__DEFAULT_PROVIDER: "replicated",
      RESTATE_METADATA_CLIENT__TYPE: "replicated",
      RESTATE_METADATA_CLIENT__ADDRESSES: JSON.stringify(this.#seeds),
    };
    this.#nodes.push(await RestateServer.start(settings, port));
  }
}
