import { HandbackError } from "../../core/errors/errors.ts";

/** Makes the error for a future or handle that is used as if it were its value. */
export function notAValue(what: string, advice: string): HandbackError {
  return new HandbackError(
    "NOT_A_VALUE",
    `${what} was used as a value, which is known only in a later handler; ${advice}`,
  );
}
