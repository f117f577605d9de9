import type { Context } from "hono";
import { ProblemError } from "../responses/problem.ts";
import { connectionOf, nodeRequestOf } from "./node-request.ts";
import type { Connection } from "./node-request.ts";

/** Limits of an app's waits. */
interface WaitLimits {
  readonly maxWaits: number;
  readonly maxWaitsPerConnection: number;
}

/** The waits on one connection. */
interface ConnectionWaits {
  count: number;
  /** Is aborted when the connection closes. */
  readonly gone: AbortSignal;
}

/**
 * Counts the requests that wait for a flow, in all and on each connection. A client can send many
 * requests on one connection without reading an answer.
 */
export class Waits {
  readonly #limits: WaitLimits;
  readonly #connections = new WeakMap<Connection, ConnectionWaits>();
  #count = 0;

  constructor(limits: WaitLimits) {
    this.#limits = limits;
  }

  /**
   * Runs a request that waits. `gone` is aborted when its connection closes, even if the connection
   * still owes the answers to earlier requests.
   *
   * @throws a `ProblemError` if there are too many waits
   */
  async run<Result>(
    c: Context,
    wait: (gone: AbortSignal | undefined) => Promise<Result>,
  ): Promise<Result> {
    const { maxWaits, maxWaitsPerConnection } = this.#limits;
    const here = this.#on(c);
    if (this.#count >= maxWaits || (here?.count ?? 0) >= maxWaitsPerConnection)
      throw new ProblemError("TOO_BUSY");
    this.#count++;
    if (here !== undefined) here.count++;
    try {
      return await wait(here?.gone);
    } finally {
      this.#count--;
      if (here !== undefined) here.count--;
    }
  }

  #on(c: Context): ConnectionWaits | undefined {
    const node = nodeRequestOf(c);
    const connection = node && connectionOf(node);
    if (connection === undefined) return undefined;
    const known = this.#connections.get(connection);
    if (known !== undefined) return known;
    const closing = new AbortController();
    const waits: ConnectionWaits = { count: 0, gone: closing.signal };
    this.#connections.set(connection, waits);
    if (connection.destroyed) closing.abort();
    else connection.once("close", () => closing.abort());
    return waits;
  }
}
