import type { Encoded } from "../core/codec/encoded.ts";
import type { Json } from "../core/data/json.ts";
import { logFacts } from "../core/errors/log-facts.ts";
import type { Log } from "../core/host/log.ts";
import type { Address } from "../core/message/address.ts";
import type { TypedBytes } from "../engines/statefun/wire/request.ts";
import type { DeadLetterReport } from "../futures/client/stored/dead-letter.ts";
import { codec } from "../futures/protocol/codec.ts";
import type { Failure } from "../futures/types/failure.ts";

/** Type of the records of dead letters. */
export const DEAD_LETTER = "handback/dead-letter";

/** A dead letter as it leaves through an egress, as JSON. */
export interface DeadLetterRecord {
  /** Absent for a message of another library. */
  readonly id: string | undefined;
  readonly operation: string | undefined;
  readonly target: Address;
  readonly caller: Address | undefined;
  /** Absent if it had no room. */
  readonly message:
    | { readonly payload: string }
    | { readonly type: string; readonly base64: string }
    | undefined;
  readonly failure: Json;
  readonly at: number;
}

/**
 * Makes a reader of records that reports each dead letter. It never throws: a letter that cannot be
 * read or reported is logged.
 */
export function deadLetterReader(
  onDeadLetter: (letter: DeadLetterReport) => unknown,
  log: Log,
): (record: TypedBytes) => void {
  const report = async (record: TypedBytes): Promise<void> => {
    const letter = readDeadLetter(record);
    if (letter !== undefined) await onDeadLetter(letter);
  };
  return (record) => {
    report(record).catch((error: unknown) => {
      log.error("a dead letter could not be reported", { ...logFacts(error) });
    });
  };
}

/** Reads a record of an egress. Returns `undefined` for one that is no dead letter. */
function readDeadLetter({ typename, bytes }: TypedBytes): DeadLetterReport | undefined {
  if (typename !== DEAD_LETTER) return undefined;
  const record = JSON.parse(new TextDecoder().decode(bytes)) as DeadLetterRecord;
  const { id = "", operation = "", target, message, failure, at } = record;
  const input =
    message !== undefined && "payload" in message
      ? codec.decode(message.payload as Encoded)
      : message;
  return {
    id,
    target,
    operation,
    input,
    failure: failure as Failure,
    isHeld: false,
    at,
  };
}
