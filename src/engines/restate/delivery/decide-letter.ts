import type { ObjectJournal } from "../journal/journal.ts";
import { printDelivery } from "../wire/delivery.ts";
import { applyEffects, recipientOf } from "./apply.ts";
import { findDeadLetter, removeDeadLetter } from "./dead-letters.ts";
import type { KeptDeadLetter } from "./dead-letters.ts";
import { keyOfTarget } from "./functions.ts";
import type { HostedFunctions } from "./functions.ts";
import { discardMessage, readStepResult } from "./step.ts";

/** The decision of a person about a message that failed. */
export type LetterDecision = {
  /** Id of the message. */
  readonly id: string;
  /** Instant of the decision, in ms. */
  readonly at: number;
  /** Number of the flow as part of which the message is sent again. Absent: it is discarded. */
  readonly redriveAs?: string;
};

/** What became of a decision. */
export type LetterOutcome =
  | { readonly outcome: "done" | "absent" | "no input" }
  | ({ readonly outcome: "unknown function" } & UnknownTarget);

/** The target of a message. `isKnown`: this code has the function, and not the operation. */
type UnknownTarget = {
  readonly type: string;
  readonly operation: string;
  readonly isKnown: boolean;
};

const DONE: LetterOutcome = { outcome: "done" };

/** Sends a message that failed again, or tells its failure to all that wait for it; once. */
export async function decideLetter(
  functions: HostedFunctions,
  journal: ObjectJournal,
  decision: LetterDecision,
): Promise<LetterOutcome> {
  const letter = await findDeadLetter(journal, decision.id);
  if (letter === undefined) return { outcome: "absent" };
  const { redriveAs, at } = decision;
  const outcome =
    redriveAs === undefined
      ? await discard(functions, journal, letter)
      : await redrive(functions, journal, letter, { redriveAs, at });
  if (outcome === DONE) await removeDeadLetter(journal, decision.id);
  return outcome;
}

async function redrive(
  functions: HostedFunctions,
  journal: ObjectJournal,
  letter: KeptDeadLetter,
  { redriveAs, at }: { readonly redriveAs: string; readonly at: number },
): Promise<LetterOutcome> {
  const envelope = functions.letters.redrivenMessage(letter, redriveAs);
  if (envelope === undefined) return { outcome: "no input" };
  const missing = await journaled(journal, () => unknownTarget(functions, letter));
  if (missing !== null) return { outcome: "unknown function", ...missing };
  const to = recipientOf(functions, keyOfTarget(functions, envelope));
  journal.send(to, JSON.stringify([printDelivery({ envelope, at })]));
  return DONE;
}

async function discard(
  functions: HostedFunctions,
  journal: ObjectJournal,
  letter: KeptDeadLetter,
): Promise<LetterOutcome> {
  if (!functions.letters.isHeld(letter)) return DONE;
  const { target, name: operation } = letter.envelope;
  const { type } = target;
  const definition = functions.find(type);
  const actions = journal.actions<null>();
  // Other code may take the place of this code meanwhile, so the lack is journaled as well.
  actions.begin(null, `discard ${type}`, async () =>
    definition === undefined ? "null" : discardMessage(functions, definition, letter),
  );
  const { result } = await actions.next();
  const step = result === "null" ? undefined : readStepResult(result);
  if (step === undefined || "parked" in step)
    return { outcome: "unknown function", type, operation, isKnown: definition !== undefined };
  await applyEffects(functions, journal, step.effects);
  return DONE;
}

function unknownTarget(
  { environment }: HostedFunctions,
  { envelope }: KeptDeadLetter,
): UnknownTarget | null {
  const { target, name: operation, payload } = envelope;
  const { type } = target;
  if (environment.knows(type, operation, payload)) return null;
  return { type, operation, isKnown: environment.knows(type) };
}

/** Keeps the result of a function in the journal, because other code may give another one. */
async function journaled<Result>(journal: ObjectJournal, get: () => Result): Promise<Result> {
  const actions = journal.actions<null>();
  actions.begin(null, "check", async () => JSON.stringify(get()));
  return JSON.parse((await actions.next()).result) as Result;
}
