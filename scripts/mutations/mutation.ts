/** One way to break the code, and the test that must notice. */
export interface Mutation {
  /** What is broken, to a reader of the list. */
  readonly breaks: string;
  readonly file: string;
  /** Text that is in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** The file of the test. */
  readonly test: string;
  /** Full title of the test that must fail. */
  readonly killedBy: string;
}
