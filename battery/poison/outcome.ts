import { isDeepStrictEqual } from "node:util";
import type { Entry } from "../ledger/entry.ts";
import type { Poison, Letter } from "../ledger/poison-plan.ts";

/** Crashes in a row after which a message is given up. The fewest that the engine takes. */
export const LIMIT = 2;
/** Crashes that may not count: in its first life, in a group, and in its first turn. */
const MORE = 3;

/** The poison that was sent, and the messages around it. */
export interface Sent {
  readonly poisons: readonly Poison[];
  readonly toils: readonly string[];
}

/** Returns the maximum number of crashes for this number of poison messages. */
export function mostDeaths(poisons: number): number {
  return poisons * (LIMIT + MORE);
}

/**
 * Judges the outcome of poison, after everything has ended. Empty if all is well.
 *
 * PO1 Each poison message is given up after the set number of crashes, no sooner and no later, with
 * its payload and the cause. Nothing else is.
 * PO2 Its waiting callers hear nothing until it is fixed and sent again, and then get the result.
 * PO3 All other work is done once. So is the poison once it is fixed and sent again.
 */
export function whatIsWrong(
  entries: readonly Entry[],
  { poisons, toils }: Sent,
): readonly string[] {
  return [
    ...lettersWrong(entries, poisons),
    ...wrongRunCounts(entries, poisons),
    ...fatesWrong(entries, { poisons, toils }),
    ...countsWrong(entries, { poisons, toils }),
  ];
}

function* lettersWrong(entries: readonly Entry[], poisons: readonly Poison[]): Iterable<string> {
  const letters = new Map<string, Letter>();
  for (const entry of entries)
    if (entry.what === "poisoning")
      for (const letter of entry.letters) letters.set(letter.id, letter);
  const all = [...letters.values()];
  for (const poison of poisons) {
    const own = all.filter(({ input }) => isDeepStrictEqual(input, poison));
    if (own.length !== 1) yield `${poison.name} has ${own.length} dead letters with its payload`;
    for (const { code, crashes } of own) {
      if (code !== "POISONED" || crashes !== LIMIT)
        yield `${poison.name} was given up as ${code}, for ${JSON.stringify(crashes)} deaths`;
    }
  }
  const others = all.filter(
    ({ input }) => !poisons.some((poison) => isDeepStrictEqual(input, poison)),
  );
  for (const { input, code } of others)
    yield `an innocent message was given up as ${code}: ${JSON.stringify(input)}`;
}

function* wrongRunCounts(entries: readonly Entry[], poisons: readonly Poison[]): Iterable<string> {
  for (const { name } of poisons) {
    const times = entries.filter(
      (entry) => entry.what === "poison-run" && entry.name === name,
    ).length;
    if (times < LIMIT || times > LIMIT + MORE)
      yield `${name} was handled ${times} times before it was given up`;
  }
}

function* fatesWrong(entries: readonly Entry[], { poisons, toils }: Sent): Iterable<string> {
  const fates = entries.flatMap((entry) => (entry.what === "fate" ? [entry] : []));
  const expected = [
    ...poisons.map(({ name, isOneWay }) => [name, isOneWay ? "sent on" : name] as const),
    ...toils.map((name) => [name, name] as const),
  ];
  for (const [name, due] of expected) {
    const told = fates.flatMap(({ name: whose, outcome }) =>
      whose !== name ? [] : [outcome.status === "completed" ? outcome.value : outcome.code],
    );
    if (told.length === 0) yield `the outcome of ${name} was not reported`;
    const other = told.find((fate) => fate !== due);
    if (other !== undefined)
      yield `of ${name} it was told ${JSON.stringify(other)}, where ${due} was expected`;
  }
}

function* countsWrong(entries: readonly Entry[], { poisons, toils }: Sent): Iterable<string> {
  const last = entries.findLast((entry) => entry.what === "poisoning");
  const letters = last?.what === "poisoning" ? last.letters : [];
  const counted: Readonly<Record<string, number>> = last?.what === "poisoning" ? last.counted : {};
  if (letters.length > 0) yield `${letters.length} letters are left, though all were sent again`;
  const names = [...poisons.map(({ name }) => name), ...toils];
  for (const name of names) {
    const times = counted[name] ?? 0;
    if (times !== 1) yield `${name} was done ${times} times`;
  }
}
