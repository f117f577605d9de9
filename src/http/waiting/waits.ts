import type { Context } from "hono";
import { ProblemError } from "../responses/problem.ts";
import { ConnectionEnd, endsWithConnection, signalled } from "./departure.ts";
import type { Departure } from "./departure.ts";
import { connectionOf, nodeRequestOf } from "../requests/node-request.ts";
import type { Connection } from "../requests/node-request.ts";

/** Limits of an app's waits. */
interface WaitLimits {
  readonly maxWaits: number;
  readonly maxWaitsPerConnection: number;
}

/** The place of a request that waits. */
export interface WaitingPlace {
  readonly departure: Departure;
  /** Gives the place back. Call it once. */
  readonly release: () => void;
}

/** The waits on one connection. */
interface ConnectionWaits {
  count: number;
  readonly end: ConnectionEnd;
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

  /** Runs a request that waits. @throws a `ProblemError` if there are too many waits */
  async run<Result>(c: Context, wait: (departure: Departure) => Promise<Result>): Promise<Result> {
    const { departure, release } = this.take(c);
    try {
      return await wait(departure);
    } finally {
      release();
    }
  }

  /**
   * Takes the place of a request that waits. It hears when its connection closes, even if the
   * connection still owes the answers to earlier requests.
   *
   * @throws a `ProblemError` if there are too many waits
   */
  take(c: Context): WaitingPlace {
    const { maxWaits, maxWaitsPerConnection } = this.#limits;
    const here = this.#on(c);
    if (this.#count >= maxWaits || (here?.count ?? 0) >= maxWaitsPerConnection)
      throw new ProblemError("TOO_BUSY");
    this.#count++;
    if (here !== undefined) here.count++;
    const ends = here !== undefined && endsWithConnection(c);
    return {
      departure: ends ? here.end.departure : signalled(c.req.raw.signal),
      release: () => {
        this.#count--;
        if (here !== undefined) here.count--;
      },
    };
  }

  #on(c: Context): ConnectionWaits | undefined {
    const node = nodeRequestOf(c);
    const connection = node && connectionOf(node);
    if (connection === undefined) return undefined;
    const known = this.#connections.get(connection);
    if (known !== undefined) return known;
    const waits: ConnectionWaits = { count: 0, end: new ConnectionEnd(connection) };
    this.#connections.set(connection, waits);
    return waits;
  }
}
