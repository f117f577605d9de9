import { HandbackError } from "../errors/errors.ts";
import { show, showString } from "../errors/show.ts";

/**
 * Refuses what is not an object of options, and options that nobody reads.
 *
 * @param what Says whose options they are, for the message: `"options of shop/checkout"`.
 * @throws `INVALID_OPTIONS`
 */
export function checkOptions(what: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new HandbackError("INVALID_OPTIONS", `${what}: expected an object, got ${show(options)}`);
  }
  for (const name of Object.keys(options)) {
    if (!known.includes(name))
      throw new HandbackError(
        "INVALID_OPTIONS",
        `${what}: unknown option ${showString(name)}; known are ${known.join(", ")}`,
      );
  }
}
