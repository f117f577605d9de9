import type { Connection } from "../requests/client-options.ts";
import { Persistence } from "../requests/persistence.ts";
import { openAnswer } from "../requests/send-request.ts";
import { noAnswer } from "../requests/server-error.ts";
import { readEvents } from "./read-events.ts";
import type { ReceivedEvent } from "./server-events.ts";

/** A stream of server-sent events. */
interface Followed {
  /** Path below the address of the server, encoded. */
  readonly path: string;
  /** Id of the event to go on after. Absent: from the first one on. */
  readonly after?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Tells, when the server ends an answer, whether the stream has ended. Default: it has not. */
  readonly isOver?: () => Promise<boolean>;
}

/**
 * Follows server-sent events. It connects again after a lost connection, and goes on after the last
 * event that the reader has.
 *
 * @throws as the client over HTTP; the reason of the signal
 */
export async function* followEvents(
  connection: Connection,
  { path, after, signal, isOver = never }: Followed,
): AsyncGenerator<ReceivedEvent, void, void> {
  const persistence = new Persistence(connection.patienceMs, signal);
  const leaving = new AbortController();
  const stop = signal === undefined ? leaving.signal : AbortSignal.any([signal, leaving.signal]);
  let cursor = after;
  try {
    for (;;) {
      try {
        const headers: Record<string, string> =
          cursor === undefined ? {} : { "last-event-id": cursor };
        const request = { method: "GET", path, headers, signal: stop } as const;
        const answer = await openAnswer(connection, request);
        for await (const events of readEvents(answer, connection.silenceMs)) {
          persistence.answered();
          for (const event of events) {
            cursor = event.id ?? cursor;
            persistence.succeeded();
            yield event;
          }
        }
        if (await isOver()) return;
      } catch (error) {
        await persistence.failed(error);
        continue;
      }
      await persistence.failed(noAnswer(new Error("the stream was cut off")));
    }
  } finally {
    leaving.abort();
  }
}

async function never(): Promise<boolean> {
  return false;
}
