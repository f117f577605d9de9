import { checkFunctionType } from "../../core/validation/names.ts";
import { list, readOptions, withDefault } from "../../core/validation/options.ts";

/**
 * The name of a pattern, `namespace/name`. With `aliases`, its former names: the pattern takes over
 * their flows and waiting work.
 */
export type PatternName = string | { readonly type: string; readonly aliases: readonly string[] };

/** The name of a pattern and its former names, checked. */
export interface NamedPattern {
  readonly type: string;
  readonly aliases: readonly string[];
  /** A pattern does not pause: the functions that it calls do. */
  readonly whenFailed: "fail";
}

const ALIASES = { aliases: withDefault([], list<string>()) };

/** Reads the name of a pattern. @throws `INVALID_NAME`, `INVALID_OPTIONS` */
export function readPatternName(name: PatternName): NamedPattern {
  if (typeof name !== "object" || name === null)
    return { type: checkFunctionType(name), aliases: [], whenFailed: "fail" };
  const { type, ...options } = name;
  checkFunctionType(type);
  const { aliases } = readOptions(`name of ${type}`, ALIASES, options);
  return { type, aliases, whenFailed: "fail" };
}
