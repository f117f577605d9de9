import { messageOf } from "../../../core/errors/thrown.ts";
import { isError } from "../../../core/data/kind.ts";

const REPLAY = "\nreplay: ";

/**
 * Adds the line that replays the run to an error's message. A thrown value that is no error becomes
 * the cause of one.
 */
export function replayable(error: unknown, replay: string): unknown {
  if (!isError(error)) {
    return new Error(`${messageOf(error)}${REPLAY}${replay}`, { cause: error });
  }
  if (error.message.includes(REPLAY)) return error;
  const message = `${error.message}${REPLAY}${replay}`;
  // The stack contains the message from when the error was made.
  const stack = error.stack?.replace(error.message, () => message);
  try {
    error.message = message;
    if (stack !== undefined) error.stack = stack;
    return error;
  } catch {
    return new Error(message, { cause: error });
  }
}
