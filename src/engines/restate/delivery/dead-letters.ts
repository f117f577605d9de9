import type { DeadLetter } from "../../../core/activation/effects.ts";
import type { ObjectJournal } from "../journal/journal.ts";
import { readDelivery } from "../wire/delivery.ts";
import type { PrintedDeadLetter } from "../wire/printed-effects.ts";

/** Largest number of dead letters that are kept. The newest ones stay. */
const MOST_DEAD_LETTERS = 10_000;
/**
 * Names of the values: number of the next letter, number of the first one that may be there, and a
 * mark that every letter can be found by its id. Early releases stored letters without an index.
 */
const [COUNT, FIRST, INDEXED] = ["count", "first", "indexed"];

/** A message that failed, and the instant. */
export type KeptDeadLetter = DeadLetter & { readonly at: number };

type Reads = Pick<ObjectJournal, "read">;

/**
 * Keeps a message that failed, in place of an earlier letter of the same message. The oldest letter
 * makes room if there are too many.
 */
export async function keepDeadLetter(journal: ObjectJournal, letter: string): Promise<void> {
  const count = await readNumber(journal, COUNT);
  if (count === 0) journal.write(INDEXED, "true");
  if (count >= MOST_DEAD_LETTERS) await removeAt(journal, count - MOST_DEAD_LETTERS);
  const id = idOf(letter);
  const earlier = await journal.read(indexOf(id));
  if (earlier !== undefined) journal.remove(placeOf(Number(earlier)));
  journal.write(placeOf(count), letter);
  journal.write(indexOf(id), String(count));
  journal.write(COUNT, String(count + 1));
}

/** Reads the oldest messages that failed, as JSON text. */
export async function listDeadLetters(journal: Reads, limit: number): Promise<readonly string[]> {
  const [first, count] = await range(journal);
  const letters = new Map<string, string>();
  for (let at = first; at < count && letters.size < limit; at++) {
    const letter = await journal.read(placeOf(at));
    if (letter !== undefined) letters.set(idOf(letter), letter);
  }
  return [...letters.values()];
}

/** Returns the letter of the message with this id, if it is kept. */
export async function findDeadLetter(
  journal: ObjectJournal,
  id: string,
): Promise<KeptDeadLetter | undefined> {
  if ((await journal.read(INDEXED)) === undefined) await indexAll(journal);
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

/** Makes every letter found by its id, once. Of two letters of one message, the newer one stays. */
async function indexAll(journal: ObjectJournal): Promise<void> {
  const [first, count] = await range(journal);
  const places = new Map<string, number>();
  for (let at = first; at < count; at++) {
    const letter = await journal.read(placeOf(at));
    if (letter === undefined) continue;
    const earlier = places.get(idOf(letter));
    if (earlier !== undefined) journal.remove(placeOf(earlier));
    places.set(idOf(letter), at);
  }
  for (const [id, at] of places) journal.write(indexOf(id), String(at));
  journal.write(INDEXED, "true");
}

/** Returns the numbers between which letters may be there, without the last. */
async function range(journal: Reads): Promise<readonly [first: number, end: number]> {
  const count = await readNumber(journal, COUNT);
  return [Math.max(count - MOST_DEAD_LETTERS, await readNumber(journal, FIRST)), count];
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
