import { readProperty } from "./thrown.ts";

/** Facts about an error that a log may show. */
export type LogFacts = {
  /** The error's name. */
  readonly error?: string;
  readonly code?: string;
  /** The first places of the error's stack. */
  readonly at?: readonly string[];
};

const FRAMES = 3;
/** Names and codes are words, or short as SQLSTATE. Anything else may hold a value. */
const NAME = /^[A-Za-z_$][\w$.]{0,59}$/;
const CODE = /^(?:[A-Za-z_][\w.:-]{0,59}|\w{1,6})$/;
const FRAME = /^at (.{1,200}:\d+:\d+\)?)$/;

/**
 * Returns the facts about a thrown value or a failure that a log may show: its name, its code, and
 * where it was thrown. Its message is left out, because it may hold values, which belong in no log.
 */
export function logFacts(thrown: unknown): LogFacts {
  if (typeof thrown !== "object" || thrown === null) return {};
  if (!isError(thrown)) return {};
  const [name, code] = [readProperty(thrown, "name"), readProperty(thrown, "code")];
  const at = placesOf(thrown);
  return {
    ...(typeof name === "string" && NAME.test(name) && { error: name }),
    ...codeOf(code),
    ...(at.length > 0 && { at }),
  };
}

/**
 * Tells whether names and codes are those of an error. Other thrown objects are data, such as the
 * record of a customer with a `name`. Failures of the library have no stack.
 */
function isError(thrown: object): boolean {
  return (
    typeof readProperty(thrown, "stack") === "string" ||
    readProperty(thrown, "name") === "HandbackError"
  );
}

/** Describes facts in a few words: `RangeError, code EX`. */
export function inWords({ error = "an error", code }: LogFacts): string {
  return code === undefined ? error : `${error}, code ${code}`;
}

function codeOf(code: unknown): Pick<LogFacts, "code"> {
  const text = typeof code === "number" ? String(code) : code;
  return typeof text === "string" && CODE.test(text) ? { code: text } : {};
}

/** Returns the frames of a stack. The message before them may have lines that look like frames. */
function placesOf(thrown: object): readonly string[] {
  const [stack, message] = [readProperty(thrown, "stack"), readProperty(thrown, "message")];
  if (typeof stack !== "string" || typeof message !== "string") return [];
  const at = stack.indexOf(message);
  if (at < 0) return [];
  const lines = stack.slice(at + message.length).split("\n");
  return lines.flatMap((line) => FRAME.exec(line.trim())?.[1] ?? []).slice(0, FRAMES);
}
