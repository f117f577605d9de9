import { UNDEFINED } from "../../core/codec/encoded.ts";
import { readVersioned } from "../protocol/combinator.ts";
import { systemFunction } from "../protocol/system.ts";

/** Id of the only instance. */
export const PROCESS_NUMBERS_ID = "store";

const VALUE = "claimed";
/** Version of the stored number. */
const FORMAT = 1;

/**
 * The numbers of the processes that start flows on a cluster.
 *
 * PN1 A number is claimed once, and is durable before the process learns of it.
 */
export const processNumbers = systemFunction("process", [VALUE], {
  claim(activation, { key }) {
    const stored = readVersioned<{ readonly v: number; readonly count: number }>(
      activation,
      VALUE,
      FORMAT,
    );
    const number = (stored?.count ?? 0) + 1;
    activation.write(VALUE, { json: { v: FORMAT, count: number } });
    activation.replyTo(key, UNDEFINED, { number });
  },
});
