import type { Connection } from "../../client/requests/client-options.ts";
import { Persistence } from "../../client/requests/persistence.ts";
import { openAnswer } from "../../client/requests/send-request.ts";
import { noAnswer, readJson } from "../../client/requests/server-error.ts";
import { readEvents } from "../../client/streams/read-events.ts";

/** An event that has an id, and what it carries. */
interface FollowedEvent {
  readonly id: string;
  readonly data: unknown;
}

/**
 * Follows server-sent events from a path. It connects again after a lost connection, and goes on
 * after the last event.
 *
 * @param isOver - tells, when the server ends the stream, if that was its last event
 * @throws as the client over HTTP; the reason of the signal
 */
export async function* followEvents(
  connection: Connection,
  {
    path,
    after,
    signal,
    isOver,
  }: {
    readonly path: string;
    readonly after?: string;
    readonly signal: AbortSignal;
    readonly isOver: () => Promise<boolean>;
  },
): AsyncGenerator<FollowedEvent, void, void> {
  const persistence = new Persistence(connection.patienceMs, signal);
  let cursor = after;
  for (;;) {
    try {
      const headers: Record<string, string> =
        cursor === undefined ? {} : { "last-event-id": cursor };
      const answer = await openAnswer(connection, { method: "GET", path, headers, signal });
      for await (const events of readEvents(answer, connection.silenceMs)) {
        persistence.answered();
        for (const { id, data } of events) {
          if (id === undefined) continue;
          cursor = id;
          persistence.succeeded();
          yield { id, data: readJson(data) };
        }
      }
      if (await isOver()) return;
    } catch (error) {
      signal.throwIfAborted();
      await persistence.failed(error);
      continue;
    }
    await persistence.failed(noAnswer(new Error("the stream was cut off")));
  }
}
