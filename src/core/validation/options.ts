import { HandbackError } from "../errors/errors.ts";
import { show, showString } from "../errors/show.ts";
import { readProperty } from "../errors/thrown.ts";
import { parseDuration } from "./duration.ts";
import type { Duration } from "./duration.ts";

/**
 * One option of a function: its check, its default, and the type of the value to use.
 *
 * Options are declared in a table, beside the interface that people read:
 * `const OPTIONS = { times: wholeNumber({ from: 1 }) } satisfies OptionTable<RepeatOptions>`.
 * The compiler refuses a table that lacks an option, has one too many, or accepts less than the
 * interface promises. So the list of known options, the checks and the defaults cannot drift.
 */
export interface Option<out Used, in Given = Used> {
  /**
   * Checks a value and returns the one to use. `name` names the option in messages.
   * @throws `INVALID_OPTIONS`, or the code of what the option holds
   */
  readonly read: (value: unknown, name: string) => Used;
  /** Carries `Given` for the compiler. It is absent at run time. */
  readonly accepts?: (value: Given) => void;
}

/** A declaration of every option in the interface `Options`. */
export type OptionTable<Options> = {
  readonly [Name in keyof Options]-?: Option<unknown, Exclude<Options[Name], undefined>>;
};

/** The values to use, once all options of a table have been read. */
export type ReadOptions<Table> = {
  readonly [Name in keyof Table]: Table[Name] extends Option<infer Used, never> ? Used : never;
};

/**
 * Checks an object of options against its table and returns the values to use. An option that is
 * `undefined` counts as left out.
 *
 * @param subject - names the owner of the options in messages: `"shop/checkout"`.
 * @throws `INVALID_OPTIONS` for a value that is no object and for an unknown option; else what the
 * options throw
 */
export function readOptions<Table extends AnyTable>(
  subject: string,
  table: Table,
  options: unknown,
): ReadOptions<Table> {
  const naming: Naming = {
    whole: `options of ${subject}`,
    part: (name) => `${name} of ${subject}`,
  };
  return readTable(table, options, naming);
}

/** An option that holds options of its own. */
export function nested<Table extends AnyTable, Given>(
  table: Table & OptionTable<Given>,
): Option<ReadOptions<Table>, Given> {
  return checkedBy((value, whole) =>
    // The option `retry of shop/pay` holds `retry.maxAttempts of shop/pay`.
    readTable<Table>(table, value, {
      whole,
      part: (name) => whole.replace(/ of |$/, `.${name}$&`),
    }),
  );
}

type AnyTable = Readonly<Record<string, Option<unknown, never>>>;

/** Names for an object of options and for each of them, in messages. */
interface Naming {
  readonly whole: string;
  readonly part: (name: string) => string;
}

function readTable<Table extends AnyTable>(
  table: Table,
  options: unknown,
  { whole, part }: Naming,
): ReadOptions<Table> {
  try {
    refuseUnknown(whole, table, options);
    const read: Record<string, unknown> = {};
    for (const [name, option] of Object.entries(table))
      read[name] = option.read(options[name], part(name));
    return read as ReadOptions<Table>;
  } catch (error) {
    if (HandbackError.is(error)) throw error;
    // A getter or a proxy of the user's.
    throw new HandbackError("INVALID_OPTIONS", `${whole}: reading them threw`, { cause: error });
  }
}

function refuseUnknown(
  whole: string,
  table: object,
  options: unknown,
): asserts options is Readonly<Record<string, unknown>> {
  if (typeof options !== "object" || options === null || Array.isArray(options))
    throw invalidOption(whole, "an object", options);
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(table, name)) continue;
    const known = Object.keys(table).join(", ");
    throw new HandbackError(
      "INVALID_OPTIONS",
      `${whole}: unknown option ${showString(name)}; known are ${known}`,
    );
  }
}

/** Makes the error for an option with a wrong value. */
export function invalidOption(name: string, expected: string, got: unknown): HandbackError {
  return new HandbackError("INVALID_OPTIONS", `${name}: expected ${expected}, got ${show(got)}`);
}

/** An option that may be left out. */
export function optional<Used, Given>(
  option: Option<Used, Given>,
): Option<Used | undefined, Given> {
  const read: Option<Used | undefined>["read"] = (value, name) =>
    value === undefined ? undefined : option.read(value, name);
  return { read };
}

/** An option with a default, which is checked like a given value. */
export function withDefault<Used, Given>(
  value: NoInfer<Given>,
  option: Option<Used, Given>,
): Option<Used, Given> {
  return { read: (given, name) => option.read(given === undefined ? value : given, name) };
}

/** An option that is read by a check of its own. */
export function checkedBy<Used, Given = Used>(
  read: (value: unknown, name: string) => Used,
): Option<Used, Given> {
  return { read };
}

/** An option that is checked elsewhere, if at all. */
export function anything(): Option<unknown> {
  return { read: (value) => value };
}

/** A whole number within bounds, both included; with `orInfinity`, `Infinity` as well. */
export function wholeNumber(bounds: {
  readonly from: number;
  readonly to?: number;
  readonly orInfinity?: boolean;
}): Option<number> {
  const { from, to = Number.MAX_SAFE_INTEGER, orInfinity = false } = bounds;
  const range = to === Number.MAX_SAFE_INTEGER ? `from ${from}` : `from ${from} to ${to}`;
  const expected = `a whole number ${range}${orInfinity ? ", or Infinity" : ""}`;
  return checkedBy((value, name) => {
    if (Number.isSafeInteger(value) && (value as number) >= from && (value as number) <= to)
      return value as number;
    if (orInfinity && value === Number.POSITIVE_INFINITY) return value;
    throw invalidOption(name, expected, value);
  });
}

/** A finite number from `from` to `to`, both included. */
export function numberBetween(from: number, to = Number.POSITIVE_INFINITY): Option<number> {
  const range = to === Number.POSITIVE_INFINITY ? `from ${from}` : `from ${from} to ${to}`;
  return checkedBy((value, name) => {
    if (typeof value === "number" && Number.isFinite(value) && value >= from && value <= to)
      return value;
    throw invalidOption(name, `a number ${range}`, value);
  });
}

/** A duration. The value to use is in ms. @throws `INVALID_DELAY` */
export function durationMs(): Option<number, Duration> {
  return checkedBy(parseDuration);
}

/** A function, which is called as `Signature` says. */
export function callback<Signature>(): Option<Signature> {
  return checkedBy((value, name) => {
    if (typeof value === "function") return value as Signature;
    throw invalidOption(name, "a function", value);
  });
}

/** `true` or `false`. */
export function flag(): Option<boolean> {
  return checkedBy((value, name) => {
    if (typeof value === "boolean") return value;
    throw invalidOption(name, "true or false", value);
  });
}

/** Options that `true` leaves at their defaults, and that `false` turns off. */
export function switchable<Used, Given>(
  whenOff: Used,
  options: Option<Used, Given>,
): Option<Used, Given | boolean> {
  return checkedBy((value, name) => {
    if (value === false) return whenOff;
    if (value === true || (typeof value === "object" && value !== null))
      return options.read(value === true ? {} : value, name);
    throw invalidOption(name, "true, false or an object", value);
  });
}

/** One of a few words. */
export function oneOf<const Word extends string>(...words: readonly Word[]): Option<Word> {
  const expected = words.map((word) => `"${word}"`).join(" or ");
  return checkedBy((value, name) => {
    const found = words.find((word) => word === value);
    if (found !== undefined) return found;
    throw invalidOption(name, expected, value);
  });
}

/** A list. Its items are checked where they are used. */
export function list<Item>(expected = "a list"): Option<readonly Item[]> {
  return checkedBy((value, name) => {
    if (Array.isArray(value)) return value as readonly Item[];
    throw invalidOption(name, expected, value);
  });
}

/** The names of the methods that an interface requires. The compiler refuses a list with a gap. */
export type Methods<Type> = {
  readonly [
    Name in keyof Type as Type[Name] extends (...args: never) => unknown ? Name : never
  ]-?: true;
};

/** An object that has all methods of its interface, such as a clock or a log. */
export function objectWith<Type extends object>(methods: Methods<Type>): Option<Type> {
  const names = Object.keys(methods);
  const expected = `an object with ${names.map((method) => `${method}()`).join(", ")}`;
  return checkedBy((value, name) => {
    const isObject = (typeof value === "object" && value !== null) || typeof value === "function";
    if (!isObject) throw invalidOption(name, expected, value);
    const missing = names.find((method) => typeof readProperty(value, method) !== "function");
    if (missing === undefined) return value as Type;
    throw invalidOption(`${missing}() of ${name}`, "a function", readProperty(value, missing));
  });
}

/** An object whose properties are checked where they are used. */
export function record<Value>(): Option<Readonly<Record<string, Value>>> {
  return checkedBy((value, name) => {
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return value as Readonly<Record<string, Value>>;
    throw invalidOption(name, "an object", value);
  });
}
