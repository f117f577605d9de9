import type { Engine } from "../../../core/engine/engine.ts";
import {
  anything,
  readOptions,
  wholeNumber,
  withDefault,
} from "../../../core/validation/options.ts";
import type { OptionTable } from "../../../core/validation/options.ts";
import { cursorOf, invalidCursor, placeOfCursor } from "../../listing/cursor.ts";
import { pagesOf } from "../../listing/pages.ts";
import type { Page, Pages } from "../../listing/pages.ts";
import { toDeadLetter } from "./dead-letter.ts";
import type { DeadLetterReport } from "./dead-letter.ts";
import { storeListingOf } from "./store-listing-of.ts";

/** Options of `client.deadLetters`. */
export interface DeadLettersOptions {
  /** Largest number of letters in a page, from 1 to 1,000. Default: 100. */
  readonly limit?: number;
  /** The `cursor` of the page before. */
  readonly cursor?: string | undefined;
}

/** One page of a list of dead letters. */
export interface DeadLettersPage extends Page {
  /** The oldest first. */
  readonly letters: readonly DeadLetterReport[];
}

const OPTIONS = {
  limit: withDefault(100, wholeNumber({ from: 1, to: 1_000 })),
  cursor: anything(),
} satisfies OptionTable<DeadLettersOptions>;

/** Form of a place: a whole number. */
const PLACE = /^\d{1,15}$/;

/** Lists the dead letters of a store. The page rejects, see `client.deadLetters`. */
export function listDeadLetters(
  engine: Engine,
  options: DeadLettersOptions,
): Pages<DeadLettersPage, DeadLetterReport> {
  return pagesOf(
    (cursor) => readPage(engine, cursor === undefined ? options : { ...options, cursor }),
    ({ letters }) => letters,
  );
}

async function readPage(engine: Engine, options: DeadLettersOptions): Promise<DeadLettersPage> {
  const { limit, cursor } = readOptions("deadLetters", OPTIONS, options);
  const list = `dead letters of ${engine.storeId}`;
  const place = cursor === undefined ? undefined : placeOfCursor(list, cursor);
  if (place !== undefined && !PLACE.test(place)) throw invalidCursor(cursor);
  const listing = storeListingOf(engine, "deadLetters");
  const after = place === undefined ? undefined : Number(place);
  const { letters, next } = await listing.deadLetters({ limit, after });
  return {
    letters: letters.map(toDeadLetter),
    cursor: next === undefined ? undefined : cursorOf(list, String(next)),
  };
}
