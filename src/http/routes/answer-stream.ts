import type { Context } from "hono";
import { HandbackError } from "../../core/errors/errors.ts";
import { logFacts } from "../../core/errors/log-facts.ts";
import { nodeRequestOf } from "../requests/node-request.ts";
import { queryOf } from "../requests/parameters.ts";
import { streamAnswer } from "../responses/answer.ts";
import { eventStream } from "../streams/event-stream.ts";
import type { ServerEvent, StreamEnd } from "../streams/event-stream.ts";
import type { Served } from "./served.ts";

/** Where a reader goes on, and the signal that ends its reading. */
export interface StreamPlace {
  readonly after: string | undefined;
  readonly signal: AbortSignal;
}

/**
 * Answers with server-sent events. A client goes on after the event whose id it sends, as a browser
 * does by itself.
 *
 * @param open - begins to read events; throws if it cannot
 */
export function answerStream(
  c: Context,
  { rules, waits }: Served,
  open: (place: StreamPlace) => AsyncGenerator<ServerEvent, void, void>,
): Response {
  const { clock, heartbeat: heartbeatMs, readerTimeout: patienceMs } = rules;
  const after = c.req.header("last-event-id") ?? queryOf(c, "after");
  const leaving = new AbortController();
  const { signal } = leaving;
  const events = open({ after, signal });
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
  const body = eventStream(events, { clock, heartbeatMs, patienceMs, ended });
  ignore = departure(() => ended({ why: "left" }));
  return streamAnswer(body);
}
