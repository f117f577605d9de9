import type { Connection } from "../requests/client-options.ts";
import { routePath } from "../requests/paths.ts";
import { Persistence } from "../requests/persistence.ts";
import { openAnswer } from "../requests/send-request.ts";
import { isJsonObject, noAnswer, readJson, unexpectedAnswer } from "../requests/server-error.ts";
import type { RemoteItem, RemoteStreamOptions } from "../types/remote-flow.ts";
import { readEvents } from "./read-events.ts";
import type { ReceivedEvent } from "./server-events.ts";

/** A stream of a flow. */
interface Followed extends RemoteStreamOptions {
  readonly flow: string;
  readonly channel: string;
}

/**
 * Follows a stream until its flow ends. It connects again after a lost connection, and goes on after
 * the last item that the reader has.
 */
export async function* followStream(
  connection: Connection,
  { flow, channel, after, signal }: Followed,
): AsyncGenerator<RemoteItem, void, void> {
  const path = routePath("flows", flow, "streams", channel);
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
            if (event.event === "end") return;
            const item = itemOf(event);
            cursor = item.cursor;
            persistence.succeeded();
            yield item;
          }
        }
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

function itemOf({ id, data }: ReceivedEvent): RemoteItem {
  const item = readJson(data);
  if (!isJsonObject(item) || id === undefined)
    throw unexpectedAnswer(200, "the stream has an event that is no item");
  const { value, run, epoch } = item;
  return { cursor: id, value, run: String(run), epoch: Number(epoch) };
}
