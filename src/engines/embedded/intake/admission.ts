import { formatAddress } from "../../../core/message/address.ts";
import type { Address } from "../../../core/message/address.ts";
import { HandbackError } from "../../../core/errors/errors.ts";

/** How many messages may be accepted and not yet handled, from 1. */
export interface BacklogLimits {
  readonly total: number;
  readonly perAddress: number;
}

/** What the backlog is made of. */
export interface AdmissionParts {
  readonly limits: BacklogLimits;
  /** How many messages there are, wherever: in a batch, in a mailbox, being handled. */
  readonly total: () => number;
  /** How many there are of one address. */
  readonly at: (address: Address) => number;
}

/**
 * Messages that were accepted and are not yet handled; decides whether more may be.
 *
 * BL1 While there are less than any bound, it takes one comparison to say so.
 */
export class Admission {
  readonly #parts: AdmissionParts;
  readonly #lowest: number;

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
    this.#lowest = Math.min(parts.limits.total, parts.limits.perAddress);
  }

  /** Why no message can be added; `addresses` tells to which they would be, and is asked only if that matters. */
  refusal(addresses: () => Iterable<Address>): HandbackError | undefined {
    const { limits, total, at } = this.#parts;
    const waiting = total();
    if (waiting < this.#lowest) return undefined;
    for (const address of addresses()) {
      if (waiting >= limits.total) return overloaded("in all", waiting, { limit: limits.total });
      const queued = at(address);
      if (queued < limits.perAddress) continue;
      const { type, id } = address;
      return overloaded(`at ${formatAddress(address)}`, queued, {
        limit: limits.perAddress,
        function: type,
        id,
      });
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
