import type { EngineStats } from "../../core/engine/engine-stats.ts";
import type { RemoteStatus } from "../types/remote-flow.ts";
import { isJsonObject, unexpectedAnswer } from "./server-error.ts";

const STATUSES: ReadonlySet<unknown> = new Set(["pending", "completed", "failed", "cancelled"]);

/** Reads the report of a flow. @throws `UNEXPECTED_ANSWER` */
export function readReport(body: unknown): RemoteStatus {
  if (isReport(body)) return body;
  throw unexpectedAnswer(200, "the answer is no report of a flow; is the address that of the app?");
}

/** Reads the ids of a flow that was started. @throws `UNEXPECTED_ANSWER` */
export function readStarted(body: unknown): {
  readonly id: string;
  readonly stateId: string | undefined;
} {
  const { id } = readReport(body);
  const stateId = isJsonObject(body) ? body["stateId"] : undefined;
  return { id, stateId: typeof stateId === "string" ? stateId : undefined };
}

/** Reads the figures of an engine. @throws `UNEXPECTED_ANSWER` */
export function readStats(body: unknown): EngineStats {
  if (isStats(body)) return body;
  throw unexpectedAnswer(200, "the answer has no figures of an engine; is it a server of flows?");
}

function isStats(body: unknown): body is EngineStats {
  return (
    isJsonObject(body) && ["slots", "commits", "lines"].every((name) => isJsonObject(body[name]))
  );
}

function isReport(body: unknown): body is RemoteStatus {
  return isJsonObject(body) && typeof body["id"] === "string" && STATUSES.has(body["status"]);
}
