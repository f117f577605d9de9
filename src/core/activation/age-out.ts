import type { Json } from "../data/json.ts";
import { flowOf, isGeneratedId, originOfState } from "../message/message-id.ts";
import type { Address } from "../message/address.ts";
import type { Envelope } from "../message/envelope.ts";

/**
 * Reserved value that holds the age-out time of an address. Its own expiry is that of the whole
 * state.
 */
export const AGE_OUT_VALUE = "@life";

/**
 * The age-out of a state: the time in ms, and the origins of the messages that have reached it. The
 * state lives at least as long as one of them has work under way, because that work may come back.
 */
export interface AgeOut {
  readonly afterMs: number;
  readonly origins: readonly string[];
}

/** Tells whether an origin has work that is not done. */
export type IsUnderWay = (origin: string) => boolean;

/** Number of origins at which those without work are forgotten. */
const MANY = 16;

/** Reads the content of the age-out value. A state that only its own origin reached has a number. */
export function readAgeOut(json: Json | undefined): AgeOut | undefined {
  if (typeof json === "number") return { afterMs: json, origins: [] };
  if (!Array.isArray(json)) return undefined;
  const [afterMs, ...origins] = json as readonly Json[];
  return { afterMs: Number(afterMs), origins: origins.map(String) };
}

/** Writes the content of the age-out value. */
export function writeAgeOut({ afterMs, origins }: AgeOut): Json {
  return origins.length === 0 ? afterMs : [afterMs, ...origins];
}

/** Adds the origin of a message to those that have reached a state. */
export function withOrigin(
  { target, id }: Pick<Envelope, "target" | "id">,
  origins: readonly string[],
  isUnderWay: IsUnderWay | undefined,
): readonly string[] {
  const origin = flowOf(id);
  if (originOfState(target.id) === origin || origins.includes(origin)) return origins;
  if (origins.length === 0 || origins.length % MANY !== 0) return [...origins, origin];
  // Without an engine that knows, the latest ones are the likeliest to come back.
  return [...(isUnderWay ? origins.filter(isUnderWay) : origins.slice(1)), origin];
}

/** Tells whether work is under way that may come back to the state. */
export function isAwaited(
  address: Pick<Address, "id">,
  ageOut: AgeOut,
  isUnderWay: IsUnderWay,
): boolean {
  return originsOf(address, ageOut).some(isUnderWay);
}

/** Returns the origins whose work may come back to the state. */
export function originsOf({ id }: Pick<Address, "id">, { origins }: AgeOut): readonly string[] {
  return isGeneratedId(id) ? [originOfState(id), ...origins] : origins;
}
