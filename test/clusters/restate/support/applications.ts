import { createEndpointHandler } from "@restatedev/restate-sdk";
import { restate } from "handback/restate";
import type { Deployments, Serve } from "./deployments.ts";

/** Number of applications that are registered together. */
const AT_ONCE = 64;

/**
 * Applications on one cluster. Their names are registered many at a time, before their functions
 * are known, because the cluster reads all registered services again after each registration.
 */
export class Applications {
  readonly #deployments: Deployments;
  readonly #handlers = new Map<string, Serve>();
  readonly #free: string[] = [];
  #versions = 0;
  #pools = 0;
  #registering: Promise<void> = Promise.resolve();

  constructor(deployments: Deployments) {
    this.#deployments = deployments;
  }

  /** Returns the name of an application that is registered, and not in use. */
  async take(): Promise<string> {
    for (;;) {
      const name = this.#free.pop();
      if (name !== undefined) return name;
      this.#registering = this.#registering.then(() =>
        this.#free.length === 0 ? this.#register() : undefined,
      );
      await this.#registering;
    }
  }

  /** Serves the functions of an application: the first ones, or newer ones at another address. */
  async serve(application: string, handler: Serve): Promise<void> {
    if (this.#handlers.has(application))
      return this.#deployments.add(`${application}v${++this.#versions}`, handler);
    this.#handlers.set(application, handler);
  }

  async #register(): Promise<void> {
    const pool = this.#pools++;
    const names = Array.from({ length: AT_ONCE }, (_, n) => `p${pool}a${n}`);
    const services = names.flatMap((application) => [...restate({ application }).services]);
    const discovery = createEndpointHandler({ services });
    await this.#deployments.add(`pool${pool}`, (request, response) => {
      const [, application] = /\/invoke\/([^./]+)\./.exec(request.url) ?? [];
      const handler = application === undefined ? discovery : this.#handlers.get(application);
      return (handler ?? discovery)(request, response);
    });
    this.#free.push(...names);
  }
}
