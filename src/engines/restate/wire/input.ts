import { HandbackError } from "../../../core/errors/errors.ts";

/**
 * Version of the inputs that are not messages: of clients that wait, of collections, of decisions
 * about dead letters. Those of the first release have none.
 */
const VERSION = 1;

/** Prints the input of an invocation as JSON, with its format version. */
export function printInput(input: object): string {
  return JSON.stringify({ v: VERSION, ...input });
}

/** Reads the input of an invocation, from JSON. @throws `FORMAT_TOO_NEW` */
export function readInput<Input>(text: string): Input {
  const input = JSON.parse(text) as Input & { readonly v?: number };
  const version = input?.v ?? VERSION;
  if (version <= VERSION) return input;
  throw new HandbackError(
    "FORMAT_TOO_NEW",
    `an invocation has an input of format ${version}, and this release reads ${VERSION}`,
    { details: { version } },
  );
}
