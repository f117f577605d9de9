/**
 * A failed check: the message says what was expected of the workflow under test, and what it did.
 */
export class AssertionError extends Error {
  override readonly name = "AssertionError";
}
