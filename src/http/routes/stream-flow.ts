import type { Context } from "hono";
import { HandbackError } from "../../core/errors/errors.ts";
import { logFacts } from "../../core/errors/log-facts.ts";
import type { Client, FlowHandle } from "../../futures/client/client.ts";
import type { StreamItem } from "../../futures/client/journal/stream-item.ts";
import { nodeRequestOf } from "../requests/node-request.ts";
import { pathOf, queryOf } from "../requests/parameters.ts";
import { streamAnswer } from "../responses/answer.ts";
import { reportOf } from "../responses/flow-report.ts";
import { plainJson } from "../responses/plain-json.ts";
import { eventStream } from "../streams/event-stream.ts";
import type { ServerEvent, StreamEnd } from "../streams/event-stream.ts";
import type { Served } from "./served.ts";

/**
 * Sends the items of a stream as server-sent events, then `end` with the report of the flow. A
 * client goes on after the item whose cursor it sends, as a browser does by itself.
 */
export function streamFlow(c: Context, served: Served, flow: string): Response {
  const { client, rules, waits } = served;
  const { clock, heartbeat: heartbeatMs, readerTimeout: patienceMs } = rules;
  const handle = client.flow(flow);
  const after = c.req.header("last-event-id") ?? queryOf(c, "after");
  const leaving = new AbortController();
  const { signal } = leaving;
  const items = handle.stream(pathOf(c)["channel"] ?? "", { after, signal });
  // Nobody reads the body of the answer to HEAD.
  if (c.req.method === "HEAD") return streamAnswer(null);
  const { departure, release } = waits.take(c);
  let ignore = (): void => undefined;
  const ended = (end: StreamEnd): void => {
    if (signal.aborted) return;
    leaving.abort();
    ignore();
    release();
    if (end.why === "failed" && !HandbackError.is(end.error, "CLOSED"))
      rules.log.error("a stream over HTTP failed", logFacts(end.error));
    // Its answer is never sent to the end.
    if (end.why === "stuck") nodeRequestOf(c)?.destroy();
  };
  const events = eventsOf(items, () => endOf(client, handle, rules.describeFailure));
  const body = eventStream(events, { clock, heartbeatMs, patienceMs, ended });
  ignore = departure(() => ended({ why: "left" }));
  return streamAnswer(body);
}

async function* eventsOf(
  items: AsyncIterable<StreamItem>,
  end: () => Promise<unknown>,
): AsyncGenerator<ServerEvent, void, void> {
  for await (const { cursor, value, ...about } of items)
    yield { id: cursor, data: { ...about, value: plainJson(value) ?? null } };
  yield { event: "end", data: await end() };
}

async function endOf(
  client: Client,
  handle: FlowHandle<unknown>,
  describeFailure: Served["rules"]["describeFailure"],
): Promise<unknown> {
  const status = await client.status(handle.id);
  return reportOf(status, () => handle.result(), describeFailure);
}
