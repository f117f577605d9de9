import { statefun } from "handback/statefun";
import type { Statefun, StatefunOptions } from "handback/statefun";
import type { EngineUnderTest, MakeOptions } from "handback/testing";
import { Tenants } from "./tenants.ts";

/** Egress of the replies to clients. */
export const REPLIES = "harness/out";

/** The way of clients into a cluster and out of it, as options of an engine. */
export type Way = Pick<StatefunOptions, "ingress" | "egress" | "kafkaTopics" | "recordLimits">;

/** An engine on a cluster, as tests of engines see it. */
export interface EngineOnCluster extends EngineUnderTest {
  close(): void;
}

/** Time for which a message waits that cannot be handled yet. */
const PARKED_FOR_MS = 1_000;

/** Engines that share a cluster, each with functions of its own. */
export class Engines {
  readonly #tenants: Tenants;
  #made = 0;

  /** @param slack - how much longer the delays of functions take */
  constructor(slack: number) {
    this.#tenants = new Tenants(slack);
  }

  /** Answers the requests of the cluster. */
  get handle(): (request: Uint8Array) => Promise<Uint8Array> {
    return this.#tenants.handle;
  }

  /** Starts an engine with an empty store. */
  make({ functions, clock, egress: sinks, retentionMs }: MakeOptions, way: Way): EngineOnCluster {
    const tenants = this.#tenants;
    const tenant = `t${this.#made++}`;
    const open = (hosted: readonly object[]): Statefun => {
      const engine = statefun({
        functions: hosted,
        sinks,
        ...way,
        ingress: tenants.ingress(tenant, way.ingress),
        egress: tenants.egress(tenant, way.egress),
        retention: retentionMs,
        clock,
        parkedFor: PARKED_FOR_MS,
      });
      tenants.set(tenant, engine.handle);
      return engine;
    };
    let engine = open(functions);
    return {
      get client() {
        return engine.client;
      },
      redeploy: (next) => {
        engine.close();
        engine = open(next);
      },
      close: () => {
        tenants.set(tenant, undefined);
        engine.close();
      },
    };
  }
}
