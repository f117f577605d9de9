import type { Client } from "../../futures/client/client.ts";
import type { Failure } from "../../futures/types/failure.ts";
import { plainJson } from "../responses/plain-json.ts";
import { failureKind } from "../responses/flow-report.ts";
import { runtimeStatusOf } from "./runtime-status.ts";
import type { RuntimeStatus } from "./runtime-status.ts";

/** The status of an instance, with the fields of Durable Functions. */
export interface InstanceReport {
  /** Type of the function. */
  readonly name: string;
  readonly instanceId: string;
  readonly runtimeStatus: RuntimeStatus;
  /** Always `null`: a client cannot read the input of a flow. */
  readonly input: null;
  readonly customStatus: unknown;
  /** Its result, or the description of its failure. */
  readonly output: unknown;
  /** Instants in ISO 8601. */
  readonly createdTime: string;
  readonly lastUpdatedTime: string;
}

/** Describes a flow as an instance. @throws `NOT_FOUND` */
export async function instanceReport(
  client: Client,
  id: string,
  describeFailure: (failure: Failure) => unknown = failureKind,
): Promise<InstanceReport> {
  const handle = client.flow(id);
  const { function: name, status, custom, failure, ...times } = await handle.status();
  const { startedAt, pausedAt = startedAt, settledAt = pausedAt } = times;
  const output =
    status === "completed"
      ? plainJson(await handle.result())
      : status === "failed" && failure !== undefined
        ? describeFailure(failure)
        : undefined;
  return {
    name,
    instanceId: id,
    runtimeStatus: runtimeStatusOf(status),
    input: null,
    customStatus: plainJson(custom) ?? null,
    output: output ?? null,
    createdTime: new Date(startedAt).toISOString(),
    lastUpdatedTime: new Date(settledAt).toISOString(),
  };
}
