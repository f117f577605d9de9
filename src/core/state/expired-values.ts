import { AGE_OUT_VALUE, readAgeOut } from "../activation/age-out.ts";
import type { StoredValue } from "../activation/effects.ts";

/**
 * Terms for which an aged state is kept. A cluster cannot tell whether a flow is under way that may
 * come back to the state, so it is given time.
 */
const TERMS_KEPT = 8;

type Values = ReadonlyMap<string, StoredValue>;

/** Values whose expiry the cluster does not know, by name. */
type Expiring = Iterable<readonly [string, StoredValue]>;

/**
 * Returns the names of the values that no message needs any more: expired ones, and all values of a
 * state that has been past its age-out time for long.
 *
 * @param expiring - those of the values that the cluster does not delete by itself
 */
export function expiredValues(values: Values, expiring: Expiring, now: number): readonly string[] {
  const names: string[] = [];
  for (const [name, value] of expiring) {
    const until = neededUntil(name, value);
    if (until !== undefined && until <= now) names.push(name);
  }
  return names.includes(AGE_OUT_VALUE) ? [...values.keys()] : names;
}

/** Returns the earliest instant at which a value expires, or `undefined` if no value expires. */
export function nextExpiry(expiring: Expiring): number | undefined {
  let next: number | undefined;
  for (const [name, value] of expiring) {
    const until = neededUntil(name, value);
    if (until !== undefined && until < (next ?? Infinity)) next = until;
  }
  return next;
}

function neededUntil(name: string, { content, expiresAt }: StoredValue): number | undefined {
  if (expiresAt === undefined || name !== AGE_OUT_VALUE) return expiresAt;
  const { afterMs = 0 } = readAgeOut(content.json) ?? {};
  return expiresAt + (TERMS_KEPT - 1) * afterMs;
}
