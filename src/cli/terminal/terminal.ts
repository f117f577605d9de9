/** The surroundings of a command: its output, its input, and the signal that ends it. */
export interface Terminal {
  /** True if the output goes to a person's screen that shows colors. */
  readonly hasColor: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Is aborted when the person presses Ctrl-C, or the reader of the output has left. */
  readonly stopped: AbortSignal;
  /** Prints a line, or several, to the output. */
  print(text: string): void;
  /** Prints a line, or several, about an error or the progress. Programs do not read it. */
  note(text: string): void;
  /** Reads the whole standard input. */
  readInput(): Promise<string>;
}
