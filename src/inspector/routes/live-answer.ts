import type { Context } from "hono";
import { HandbackError } from "../../core/errors/errors.ts";
import { logFacts } from "../../core/errors/log-facts.ts";
import { nodeRequestOf } from "../../http/requests/node-request.ts";
import { streamAnswer } from "../../http/responses/answer.ts";
import { eventStream } from "../../http/streams/event-stream.ts";
import type { ServerEvent } from "../../http/streams/event-stream.ts";
import type { InspectorRules } from "../rules/options.ts";

const HEARTBEAT_MS = 15_000;
const PATIENCE_MS = 30_000;

/** Answers with server-sent events, until the reader leaves. */
export function liveAnswer(
  c: Context,
  { clock, log }: Pick<InspectorRules, "clock" | "log">,
  open: (signal: AbortSignal) => AsyncGenerator<ServerEvent, void, void>,
): Response {
  const leaving = new AbortController();
  const events = open(leaving.signal);
  if (c.req.method === "HEAD") return streamAnswer(null);
  const body = eventStream(events, {
    clock,
    heartbeatMs: HEARTBEAT_MS,
    patienceMs: PATIENCE_MS,
    ended: (end) => {
      leaving.abort();
      if (end.why === "failed" && !HandbackError.is(end.error, "CLOSED", "NOT_FOUND"))
        log.error("live events of the inspector failed", logFacts(end.error));
      if (end.why === "stuck") nodeRequestOf(c)?.destroy();
    },
  });
  return streamAnswer(body);
}
