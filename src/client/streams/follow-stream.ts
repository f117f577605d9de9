import type { Connection } from "../requests/client-options.ts";
import { routePath } from "../requests/paths.ts";
import { isJsonObject, readJson, unexpectedAnswer } from "../requests/server-error.ts";
import type { RemoteItem, RemoteStreamOptions } from "../types/remote-flow.ts";
import { followEvents } from "./follow-events.ts";
import type { ReceivedEvent } from "./server-events.ts";

/** A stream of a flow. */
interface Followed extends RemoteStreamOptions {
  readonly flow: string;
  readonly channel: string;
}

/** Follows a stream until its flow ends. @throws as the client over HTTP; the reason of the signal */
export async function* followStream(
  connection: Connection,
  { flow, channel, after, signal }: Followed,
): AsyncGenerator<RemoteItem, void, void> {
  const path = routePath("flows", flow, "streams", channel);
  for await (const event of followEvents(connection, { path, after, signal })) {
    if (event.event === "end") return;
    yield itemOf(event);
  }
}

function itemOf({ id, data }: ReceivedEvent): RemoteItem {
  const item = readJson(data);
  if (!isJsonObject(item) || id === undefined)
    throw unexpectedAnswer(200, "the stream has an event that is no item");
  const { value, run, epoch } = item;
  return { cursor: id, value, run: String(run), epoch: Number(epoch) };
}
