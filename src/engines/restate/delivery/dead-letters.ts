import type { DeadLetter } from "../../../core/activation/effects.ts";
import type { ObjectJournal } from "../journal/journal.ts";
import { readDelivery } from "../wire/delivery.ts";
import type { PrintedDeadLetter } from "../wire/printed-effects.ts";

/** Largest number of dead letters that are kept. The newest ones stay. */
const MOST_DEAD_LETTERS = 10_000;
const COUNT = "count";

/** A message that failed, and the instant. */
export type KeptDeadLetter = DeadLetter & { readonly at: number };

/** Keeps a message that failed. The oldest one makes room if there are too many. */
export async function keepDeadLetter(journal: ObjectJournal, letter: string): Promise<void> {
  const count = Number((await journal.read(COUNT)) ?? 0);
  journal.write(`letter/${count}`, letter);
  journal.write(COUNT, String(count + 1));
  if (count >= MOST_DEAD_LETTERS) journal.remove(`letter/${count - MOST_DEAD_LETTERS}`);
}

/** Reads the oldest messages that failed, as JSON text. */
export async function listDeadLetters(
  journal: Pick<ObjectJournal, "read">,
  limit: number,
): Promise<readonly string[]> {
  const count = Number((await journal.read(COUNT)) ?? 0);
  const letters: string[] = [];
  for (
    let at = Math.max(0, count - MOST_DEAD_LETTERS);
    at < count && letters.length < limit;
    at++
  ) {
    const letter = await journal.read(`letter/${at}`);
    if (letter !== undefined) letters.push(letter);
  }
  return letters;
}

/** Reads a message that was kept. */
export function readKeptDeadLetter(text: string): KeptDeadLetter {
  const { delivery, failure } = JSON.parse(text) as PrintedDeadLetter;
  const { envelope, at } = readDelivery(delivery);
  return { envelope, failure, at };
}
