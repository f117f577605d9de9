import { HandbackError } from "../../src/core/errors/errors.ts";

/** Runs `act` and returns the HandbackError that it throws. Any other outcome fails the test. */
export function thrownBy(act: () => unknown): HandbackError {
  try {
    act();
  } catch (error) {
    if (HandbackError.is(error)) return error;
    throw error;
  }
  throw new Error("expected a HandbackError, but nothing was thrown");
}

/** Returns the code of the HandbackError that `act` throws. */
export function codeOf(act: () => unknown): string {
  return thrownBy(act).code;
}
