import type { DeadLetter } from "../../../core/activation/effects.ts";
import type { ObjectJournal } from "../journal/journal.ts";
import { readDelivery } from "../wire/delivery.ts";
import type { PrintedDeadLetter } from "../wire/printed-effects.ts";

/** Largest number of dead letters that are kept. The newest ones stay. */
const MOST_DEAD_LETTERS = 10_000;
/** Names of the values: number of the next letter, and of the first one that may be there. */
const [COUNT, FIRST] = ["count", "first"];

/** A message that failed, and the instant. */
export type KeptDeadLetter = DeadLetter & { readonly at: number };

type Reads = Pick<ObjectJournal, "read">;

/** Keeps a message that failed. The oldest one makes room if there are too many. */
export async function keepDeadLetter(journal: ObjectJournal, letter: string): Promise<void> {
  const count = await readNumber(journal, COUNT);
  if (count >= MOST_DEAD_LETTERS) await removeAt(journal, count - MOST_DEAD_LETTERS);
  journal.write(placeOf(count), letter);
  journal.write(indexOf(idOf(letter)), String(count));
  journal.write(COUNT, String(count + 1));
}

/** Reads the oldest messages that failed, as JSON text. */
export async function listDeadLetters(journal: Reads, limit: number): Promise<readonly string[]> {
  const count = await readNumber(journal, COUNT);
  const first = Math.max(count - MOST_DEAD_LETTERS, await readNumber(journal, FIRST));
  const letters: string[] = [];
  for (let at = first; at < count && letters.length < limit; at++) {
    const letter = await journal.read(placeOf(at));
    if (letter !== undefined) letters.push(letter);
  }
  return letters;
}

/** Returns the letter of the message with this id, if it is kept. */
export async function findDeadLetter(
  journal: Reads,
  id: string,
): Promise<KeptDeadLetter | undefined> {
  const at = await journal.read(indexOf(id));
  const letter = at === undefined ? undefined : await journal.read(placeOf(Number(at)));
  return letter === undefined ? undefined : readKeptDeadLetter(letter);
}

/** Removes the letter of the message with this id. */
export async function removeDeadLetter(journal: ObjectJournal, id: string): Promise<void> {
  const removed = Number(await journal.read(indexOf(id)));
  await removeAt(journal, removed);
  const count = await readNumber(journal, COUNT);
  let first = await readNumber(journal, FIRST);
  if (first < removed) return;
  while (first < count && (await journal.read(placeOf(first))) === undefined) first++;
  journal.write(FIRST, String(first));
}

/** Reads a message that was kept. */
export function readKeptDeadLetter(text: string): KeptDeadLetter {
  const { delivery, failure } = JSON.parse(text) as PrintedDeadLetter;
  const { envelope, at } = readDelivery(delivery);
  return { envelope, failure, at };
}

async function removeAt(journal: ObjectJournal, at: number): Promise<void> {
  const letter = await journal.read(placeOf(at));
  if (letter === undefined) return;
  journal.remove(placeOf(at));
  journal.remove(indexOf(idOf(letter)));
}

async function readNumber(journal: Reads, name: string): Promise<number> {
  return Number((await journal.read(name)) ?? 0);
}

function idOf(letter: string): string {
  return readKeptDeadLetter(letter).envelope.id;
}

function placeOf(at: number): string {
  return `letter/${at}`;
}

function indexOf(id: string): string {
  return `id/${id}`;
}
