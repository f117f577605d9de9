import { formatAddress } from "../../../core/message/address.ts";
import type { Envelope } from "../../../core/message/envelope.ts";
import { HandbackError } from "../../../core/errors/errors.ts";
import type { Backlog } from "../mailboxes/backlog.ts";
import type { HeldMessages } from "../pausing/held-messages.ts";
import type { Intake } from "./intake.ts";

/** Upper limits on messages that are accepted and not yet handled, from 1. */
export interface BacklogLimits {
  readonly total: number;
  readonly perAddress: number;
}

/** Collaborators of {@link Admission}. */
export interface AdmissionParts {
  readonly limits: BacklogLimits;
  readonly backlog: Pick<Backlog, "total" | "at">;
  /** Messages that wait for the end of a pause are part of the backlog. */
  readonly held: Pick<HeldMessages, "sizeAt">;
  readonly intake: Pick<Intake, "targetsOf">;
}

/**
 * Admission control: refuses requests that would add messages to a full backlog.
 *
 * BL1 While the backlog is below every limit, admission takes one comparison.
 */
export class Admission {
  readonly #parts: AdmissionParts;
  readonly #lowestLimit: number;

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
    this.#lowestLimit = Math.min(parts.limits.total, parts.limits.perAddress);
  }

  /** Returns the error that refuses the request, if the backlog is full. */
  refusalOf(request: Envelope): HandbackError | undefined {
    const { limits, backlog, held, intake } = this.#parts;
    const waiting = backlog.total;
    if (waiting < this.#lowestLimit) return undefined;
    for (const address of intake.targetsOf(request)) {
      if (waiting >= limits.total) return overloaded("in all", waiting, { limit: limits.total });
      const queued = backlog.at(address) + held.sizeAt(address);
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

interface ExceededLimit {
  readonly limit: number;
  readonly function?: string;
  readonly id?: string;
}

function overloaded(where: string, waiting: number, exceeded: ExceededLimit): HandbackError {
  const message = `${waiting} messages wait ${where} to be handled, and the limit is ${exceeded.limit}; this was not accepted`;
  return new HandbackError("OVERLOADED", message, { details: { ...exceeded, waiting } });
}
