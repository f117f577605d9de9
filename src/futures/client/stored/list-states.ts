import type { Engine } from "../../../core/engine/engine.ts";
import { HandbackError } from "../../../core/errors/errors.ts";
import {
  anything,
  checkedBy,
  invalidOption,
  readOptions,
  wholeNumber,
  withDefault,
} from "../../../core/validation/options.ts";
import type { OptionTable } from "../../../core/validation/options.ts";
import { specOf } from "../../define/spec.ts";
import { cursorOf, invalidCursor, placeOfCursor } from "../../listing/cursor.ts";
import { pagesOf } from "../../listing/pages.ts";
import type { Page, Pages } from "../../listing/pages.ts";
import { readAliveIds } from "./read-state.ts";
import { storeListingOf } from "./store-listing-of.ts";

/** Options of `client.states`. */
export interface StatesOptions {
  /** Their ids begin with this text. Default: all states. */
  readonly idPrefix?: string;
  /** Largest number of states in a page, from 1 to 1,000. Default: 100. */
  readonly limit?: number;
  /** The `cursor` of the page before, from a list with the same function and prefix. */
  readonly cursor?: string | undefined;
}

/** The address of a state. */
export interface ListedState {
  /** Type of the function. */
  readonly function: string;
  readonly id: string;
}

/** One page of a list of states. */
export interface StatesPage extends Page {
  /** At most `limit` states. It can be fewer, or none, although there is a cursor. */
  readonly states: readonly ListedState[];
}

const OPTIONS = {
  idPrefix: withDefault("", checkedBy<string>(readIdPrefix)),
  limit: withDefault(100, wholeNumber({ from: 1, to: 1_000 })),
  cursor: anything(),
} satisfies OptionTable<StatesOptions>;

/** Lists the states of a function. The page rejects, see `client.states`. */
export function listStates(
  engine: Engine,
  f: unknown,
  options: StatesOptions,
): Pages<StatesPage, ListedState> {
  return pagesOf(
    (cursor) => readPage(engine, f, cursor === undefined ? options : { ...options, cursor }),
    ({ states }) => states,
  );
}

async function readPage(engine: Engine, f: unknown, options: StatesOptions): Promise<StatesPage> {
  const { idPrefix, limit, cursor } = readOptions("states", OPTIONS, options);
  const type = statefulTypeOf(engine, f);
  const list = `states of ${engine.storeId} ${JSON.stringify([type, idPrefix])}`;
  const after = cursor === undefined ? undefined : placeOfCursor(list, cursor);
  if (after?.startsWith(idPrefix) === false) throw invalidCursor(cursor);
  const listing = storeListingOf(engine, "states");
  const { ids, next } = await listing.states({ type, idPrefix, limit, after });
  const alive = await engine.read(() => readAliveIds(type, ids, engine.now()));
  return {
    states: alive.map((id) => ({ function: type, id })),
    cursor: next === undefined ? undefined : cursorOf(list, next),
  };
}

function statefulTypeOf(engine: Engine, f: unknown): string {
  const spec = specOf(f);
  if (spec?.state !== undefined && engine.knows(spec.type)) return spec.type;
  throw new HandbackError(
    "UNKNOWN_FUNCTION",
    "states: expected a function made by stateful() and registered with this engine",
  );
}

const LONGEST_PREFIX = 1_024;

function readIdPrefix(value: unknown, name: string): string {
  if (typeof value === "string" && value.length <= LONGEST_PREFIX && !/\p{Cs}/u.test(value))
    return value;
  throw invalidOption(name, `a text of at most ${LONGEST_PREFIX} characters`, value);
}
