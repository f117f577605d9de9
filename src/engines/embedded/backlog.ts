import { formatAddress } from "../../core/address.ts";
import type { Address } from "../../core/address.ts";
import type { Envelope } from "../../core/envelope.ts";
import { HandbackError } from "../../core/errors.ts";

/** How many messages may be accepted and not yet handled, from 1. */
export interface BacklogLimits {
  readonly total: number;
  readonly perAddress: number;
}

/** What the backlog is told. */
export interface BacklogParts {
  readonly limits: BacklogLimits;
  /** How many messages there are, wherever: in a batch, in a mailbox, being handled. */
  readonly total: () => number;
  /** How many there are of one address. */
  readonly at: (address: Address) => number;
  /** The addresses that a request would add messages to. */
  readonly addedTo: (request: Envelope) => readonly Address[];
}

/**
 * Messages that were accepted and are not yet handled; decides whether more may be.
 *
 * BL1 A request that begins work is refused when it would add to what is full, before anything of it is accepted. Nothing else is:
 *     what was accepted is promised, and so is what comes of it.
 * BL2 While there is less than any bound, it takes one comparison to say so.
 */
export class Backlog {
  readonly #parts: BacklogParts;
  readonly #lowest: number;

  constructor(parts: BacklogParts) {
    this.#parts = parts;
    this.#lowest = Math.min(parts.limits.total, parts.limits.perAddress);
  }

  /** Why a request that begins work cannot be accepted now. */
  refusal(request: Envelope): HandbackError | undefined {
    const { limits, total, at, addedTo } = this.#parts;
    const waiting = total();
    if (waiting < this.#lowest) return undefined;
    for (const address of addedTo(request)) {
      if (waiting >= limits.total) return overloaded("in all", waiting, { limit: limits.total });
      const queued = at(address);
      if (queued < limits.perAddress) continue;
      const { type, id } = address;
      return overloaded(`at ${formatAddress(address)}`, queued, { limit: limits.perAddress, function: type, id });
    }
    return undefined;
  }
}

interface Bound {
  readonly limit: number;
  readonly function?: string;
  readonly id?: string;
}

function overloaded(where: string, waiting: number, bound: Bound): HandbackError {
  const message = `${waiting} messages wait ${where} to be handled, and the limit is ${bound.limit}; this was not accepted`;
  return new HandbackError("OVERLOADED", message, { details: { ...bound, waiting } });
}
