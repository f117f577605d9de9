/**
 * A failed check: the message names the expectation of the workflow under test and its actual
 * behavior.
 */
export class AssertionError extends Error {
  override readonly name = "AssertionError";
}
