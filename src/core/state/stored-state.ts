import type { Codec } from "../codec/codec.ts";
import type { Encoded } from "../codec/encoded.ts";
import type { Content } from "../activation/effects.ts";
import { isThenable } from "../data/kind.ts";
import { HandbackError } from "../errors/errors.ts";
import { show } from "../errors/show.ts";
import type { ValueSpec } from "./value.ts";

/**
 * Reserved value that holds the version of the shape in which a state was last written. Absent: 1.
 */
export const VERSION = "@version";

/** Named values as user code sees them. */
export type Values = Record<string, unknown>;

/**
 * A declared value, with its initial value as text. Each load decodes its own copy, so no state can
 * change another's.
 */
export type StoredValueSpec = Omit<ValueSpec<unknown>, "initial"> & {
  readonly initialText: Encoded;
};

/** The shape of a state. */
export interface StateShape {
  readonly specs: ReadonlyMap<string, StoredValueSpec>;
  /** Version of the shape, from 1. */
  readonly version: number;
  /**
   * Makes values of this version from the stored ones of an older one, also from those that are no
   * longer declared.
   */
  readonly migrate?: (old: Values, fromVersion: number) => Values;
  /** Checks the loaded values, and may replace them. @throws `STATE_SCHEMA_MISMATCH` */
  readonly check?: (loaded: Values) => Values;
}

/** A loaded state. */
export interface LoadedState {
  readonly values: Values;
  /** The stored version, if it is an older one. */
  readonly migratedFrom: number | undefined;
}

/** The stored values of one address. */
export interface StoredValues {
  /**
   * The names of the values that may be stored, also of those that the function no longer declares
   * if the engine knows them.
   */
  readonly names: readonly string[];
  read(name: string): Content | undefined;
}

/** Tells whether a value is one of the library's own. Users' names never begin with `@`. */
export function isReservedValue(name: string): boolean {
  return name.startsWith("@");
}

/**
 * Reads a state: decodes it, migrates it from an older version, and checks it.
 *
 * @throws `STATE_SCHEMA_MISMATCH` if it does not fit, is of a newer version, or cannot be migrated
 */
export function loadState(shape: StateShape, stored: StoredValues, codec: Codec): LoadedState {
  const migratedFrom = formerVersion(shape, stored);
  const names = migratedFrom === undefined ? [...shape.specs.keys()] : stored.names;
  const read = decodeValues(names, stored, codec);
  const values = completed(
    shape,
    migratedFrom === undefined ? read : migrate(shape, read, migratedFrom),
    codec,
  );
  return {
    values: shape.check === undefined ? values : completed(shape, shape.check(values), codec),
    migratedFrom,
  };
}

/** Returns the version of a state that was stored under another one. */
function formerVersion({ version }: StateShape, stored: StoredValues): number | undefined {
  const written = stored.read(VERSION)?.json ?? 1;
  if (typeof written !== "number" || written === version) return undefined;
  const isStored = stored.names.some(
    (name) => !isReservedValue(name) && stored.read(name)?.text !== undefined,
  );
  return isStored ? written : undefined;
}

/** Decodes the stored ones of some values. */
function decodeValues(names: readonly string[], stored: StoredValues, codec: Codec): Values {
  const values = emptyValues(names.includes("__proto__"));
  for (const name of names) {
    const text = isReservedValue(name) ? undefined : stored.read(name)?.text;
    if (text !== undefined) values[name] = codec.decode(text);
  }
  return values;
}

/** Tells whether each value can be read by itself on demand: no migration and no schema applies. */
export function isReadByValue(
  { check, version }: StateShape,
  read: (name: string) => Content | undefined,
): boolean {
  return check === undefined && (read(VERSION)?.json ?? 1) === version;
}

/**
 * Returns an empty object for values. It is a plain object, because one without a prototype is
 * slow. A value named `__proto__` needs one without a prototype.
 */
function emptyValues(hasProto: boolean): Values {
  return hasProto ? (Object.create(null) as Values) : {};
}

/** Returns every declared value, initial if it is absent. */
function completed(shape: StateShape, present: Values, codec: Codec): Values {
  const values = emptyValues(shape.specs.has("__proto__"));
  for (const [name, { initialText }] of shape.specs)
    values[name] = Object.hasOwn(present, name) ? present[name] : codec.decode(initialText);
  return values;
}

function migrate({ version, migrate: change }: StateShape, old: Values, from: number): Values {
  if (from > version)
    throw new HandbackError(
      "STATE_SCHEMA_MISMATCH",
      `stored state has version ${from}, this function knows up to ${version}`,
    );
  if (change === undefined)
    throw new HandbackError(
      "STATE_SCHEMA_MISMATCH",
      `stored state has version ${from}, and nothing migrates it to ${version}`,
    );
  const unmigrated = (why: string, cause?: unknown): HandbackError =>
    new HandbackError(
      "STATE_SCHEMA_MISMATCH",
      `stored state of version ${from} could not be migrated to ${version}${why}`,
      { cause },
    );
  let migrated: unknown;
  try {
    migrated = change(old, from);
  } catch (error) {
    throw unmigrated("", error);
  }
  // A promise has no values, so an async migration would delete everything.
  if (isThenable(migrated)) Promise.resolve(migrated).catch(() => undefined);
  else if (typeof migrated === "object" && migrated !== null) return migrated as Values;
  throw unmigrated(`: expected an object of values at once, got ${show(migrated)}`);
}
