import type { Encoded } from "../../core/codec/encoded.ts";
import type { Engine } from "../../core/engine/engine.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import { oneOf, readOptions } from "../../core/validation/options.ts";
import type { OptionTable } from "../../core/validation/options.ts";
import { flowNotFound } from "../flow/record/found-flow.ts";
import type { Repair } from "../protocol/messages.ts";
import { cannotPause, requireRepaired } from "../repair/repair-outcome.ts";
import { askEngine } from "./request.ts";
import type { RestartOptions } from "../types/restart.ts";
import type { RestartRefusal, RestartReply } from "../flow/restart-flow.ts";

type Asking = Pick<Engine, "ask" | "nextRequest">;

/** The checks of {@link RestartOptions}. */
const RESTART_OPTIONS = {
  keys: oneOf("same", "new"),
} satisfies OptionTable<RestartOptions>;

/** Checks the options of `client.restart`. @throws `INVALID_OPTIONS` */
export function readRestartOptions(options: unknown): RestartOptions {
  return readOptions("restart", RESTART_OPTIONS, options);
}

const REASONS: Readonly<Record<RestartRefusal, string>> = {
  running: "it has not ended",
  completed: "it has completed",
  compensated: "it has begun to undo its steps, so its calls need new idempotency keys",
  inputNotKept: "its input is not kept, because an earlier release has stored it",
};

/** Pauses a flow. @throws `NOT_FOUND`, `FLOW_OVER` */
export async function requestPause(engine: Asking, id: string): Promise<void> {
  const asked = { key: engine.nextRequest() };
  const { control } = await askEngine(engine, "flow", { id, name: "pause", control: asked });
  if (control.outcome === "unknown") throw flowNotFound(id);
  if (control.outcome === "over") throw cannotPause(id, control.status);
}

/** A decision about a paused call, or about the pause of its flow. */
interface RepairRequest {
  readonly flow: string;
  readonly repair: Omit<Repair, "key">;
  /** A new input. */
  readonly payload: Encoded;
}

/** Resumes or fails what is paused of a flow. @throws `NOT_FOUND`, and as {@link requireRepaired} */
export async function requestRepair(
  engine: Asking,
  { flow: id, repair, payload }: RepairRequest,
): Promise<void> {
  const asked = { ...repair, key: engine.nextRequest() };
  const request = { id, name: "repair", control: asked, payload } as const;
  const { control } = await askEngine(engine, "flow", request);
  if (control.outcome === "unknown") throw flowNotFound(id);
  requireRepaired(id, control, repair.call);
}

/** Restarts a flow. @throws `INVALID_OPTIONS`, and as {@link requireRestarted} */
export async function requestRestart(
  engine: Asking & Pick<Engine, "nextFlow">,
  id: string,
  options: RestartOptions,
): Promise<void> {
  const { keys } = readRestartOptions(options);
  const number = await engine.nextFlow();
  const asked = { keys, number, key: engine.nextRequest() };
  const { control } = await askEngine(engine, "flow", { id, name: "restart", control: asked });
  requireRestarted(id, control);
}

/**
 * Throws if a flow was not restarted. @throws `NOT_FOUND`, `NOT_RESTARTABLE`, `UNKNOWN_FUNCTION`
 */
function requireRestarted(flow: string, reply: RestartReply): void {
  if (reply.outcome === "unknown") throw flowNotFound(flow);
  if (reply.outcome === "unregistered") {
    const { type, name } = reply;
    const why = `the flow ${flow} cannot be restarted: ${type} is not registered, or lacks ${name}`;
    throw new HandbackError("UNKNOWN_FUNCTION", why, { details: { flow, function: type } });
  }
  if (reply.outcome !== "refused") return;
  const { status, reason } = reply;
  const why = `the flow ${flow} cannot be restarted: ${REASONS[reason]}, and is ${status}`;
  throw new HandbackError("NOT_RESTARTABLE", why, { details: { flow, status, reason } });
}
