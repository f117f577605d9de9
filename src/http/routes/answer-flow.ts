import type { Context } from "hono";
import type { FlowHandle } from "../../futures/client/client.ts";
import { mountPathOf } from "../requests/mount-path.ts";
import { publicStateId } from "../requests/state-ids.ts";
import { jsonAnswer } from "../responses/answer.ts";
import { reportOf } from "../responses/flow-report.ts";
import { linksOf } from "../responses/links.ts";
import type { Departure } from "../waiting/departure.ts";
import { outputWithin } from "../waiting/output-within.ts";
import type { Served } from "./served.ts";

/** The wait of a request. */
interface Wait {
  readonly waitMs: number;
  /** Tells when the client disconnects. */
  readonly departure: Departure;
}

const NO_WAIT: Wait = { waitMs: 0, departure: () => () => undefined };

/** Counts a request that waits while it is answered. */
export function waiting(
  c: Context,
  { waits }: Served,
  waitMs: number,
  answer: (wait: Wait) => Promise<Response>,
): Promise<Response> {
  if (waitMs === 0) return answer(NO_WAIT);
  return waits.run(c, (departure) => answer({ waitMs, departure }));
}

/** The wait, the number of path segments of the route, and whether to include links. */
interface AnswerOptions extends Wait {
  readonly segments: number;
  readonly isNew: boolean;
}

/** Waits for a flow for a limited time, then answers with its status. */
export async function answerFlow(
  c: Context,
  { client, rules: { basePath, clock, describeFailure, retryAfter } }: Served,
  handle: FlowHandle<unknown>,
  { waitMs, departure, segments, isNew }: AnswerOptions,
): Promise<Response> {
  const known = waitMs > 0 ? await outputWithin(handle, { waitMs, clock, departure }) : undefined;
  const readOutput = known === undefined ? () => handle.result() : () => known.output;
  const status = await client.status(handle.id);
  const links = linksOf(basePath ?? mountPathOf(c, segments), handle.id);
  const about = {
    id: handle.id,
    ...(handle.stateId !== undefined && { stateId: await publicStateId(client, handle.stateId) }),
    ...(isNew && links),
  };
  const body = { ...about, ...(await reportOf(status, readOutput, describeFailure)) };
  if (body.status !== "pending") return jsonAnswer(200, body);
  return jsonAnswer(202, body, { Location: links.statusUrl, "Retry-After": retryAfter });
}
