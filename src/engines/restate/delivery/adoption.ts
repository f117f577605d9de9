import { HandbackError } from "../../../core/errors/errors.ts";
import type { ObjectJournal } from "../journal/journal.ts";
import type { PrintedSend } from "../wire/printed-effects.ts";
import { AddressState } from "./address-state.ts";
import { applyEffects } from "./apply.ts";
import { planCollection } from "./collection.ts";
import type { HostedFunctions } from "./functions.ts";

/** Version of an adoption with messages. One without is a state alone, as in the first release. */
const VERSION = 2;

/** An address that an invocation has held in memory, on the way to its virtual object. */
export interface Adoption {
  readonly state: AddressState;
  /** The delayed messages that leave from the virtual object, so that it can cancel them. */
  readonly sends: readonly PrintedSend[];
}

/** Prints an adoption as JSON. */
export function printAdoption({ state, sends }: Adoption): string {
  if (sends.length === 0) return state.print();
  return `{"v":${VERSION},"sends":${JSON.stringify(sends)},"state":${state.print()}}`;
}

/**
 * Takes over the state of an address, and sends its delayed messages.
 * @throws `FORMAT_TOO_NEW`
 */
export async function adoptAddress(
  functions: HostedFunctions,
  journal: ObjectJournal,
  printed: string,
): Promise<void> {
  const { state, sends } = readAdoption(printed);
  await applyEffects(functions, journal, { ...NO_EFFECTS, sends }, state);
  planCollection(functions, journal, state);
  state.save(journal);
}

const NO_EFFECTS = { writes: [], cancels: [], replies: [], letters: [] };

function readAdoption(printed: string): Adoption {
  const { v, sends, state } = JSON.parse(printed) as {
    readonly v: number;
    readonly sends?: readonly PrintedSend[];
    readonly state?: object;
  };
  if (v > VERSION)
    throw new HandbackError(
      "FORMAT_TOO_NEW",
      `an adoption has format ${v}, and this release reads up to ${VERSION}`,
      { details: { version: v } },
    );
  return sends === undefined
    ? { state: AddressState.read(printed), sends: [] }
    : { state: AddressState.read(JSON.stringify(state)), sends };
}
