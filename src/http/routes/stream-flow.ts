import type { Context } from "hono";
import type { StreamItem } from "../../futures/client/journal/stream-item.ts";
import { pathOf } from "../requests/parameters.ts";
import { reportOf } from "../responses/flow-report.ts";
import { plainJson } from "../responses/plain-json.ts";
import type { ServerEvent } from "../streams/event-stream.ts";
import { answerStream } from "./answer-stream.ts";
import type { Served } from "./served.ts";

/** Sends the items of a stream as server-sent events, then `end` with the report of the flow. */
export function streamFlow(c: Context, served: Served, flow: string): Response {
  const { client, rules } = served;
  const handle = client.flow(flow);
  return answerStream(c, served, (place) => {
    const items = handle.stream(pathOf(c)["channel"] ?? "", place);
    return eventsOf(items, async () =>
      reportOf(await client.status(flow), () => handle.result(), rules.describeFailure),
    );
  });
}

async function* eventsOf(
  items: AsyncIterable<StreamItem>,
  end: () => Promise<unknown>,
): AsyncGenerator<ServerEvent, void, void> {
  for await (const { cursor, value, ...about } of items)
    yield { id: cursor, data: { ...about, value: plainJson(value) ?? null } };
  yield { event: "end", data: await end() };
}
