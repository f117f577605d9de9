import { UNDEFINED } from "../../core/codec/encoded.ts";
import { NO_WORK, readWork } from "../../core/engine/committed-read.ts";
import type { CommittedReader } from "../../core/engine/committed-read.ts";
import type { Engine } from "../../core/engine/engine.ts";
import { flowNotFound, foundFlow } from "../flow/record/found-flow.ts";
import type { FoundFlow } from "../flow/record/found-flow.ts";
import { decodeFlowRecord, FLOW_VALUE } from "../flow/record/flow-record.ts";
import { STATUS_VALUE } from "../flow/record/stored-flow.ts";
import { readFlowWaits } from "../flow/wait-graph.ts";
import type { FlowWaits } from "../flow/wait-graph.ts";
import { SYSTEM, systemAddress } from "../protocol/system.ts";
import { statusWord } from "./outcome.ts";
import { askEngine } from "./request.ts";

/** Reads the committed record of a flow. @throws `NOT_FOUND` */
export function* readFlow(id: string, now: number): CommittedReader<FoundFlow> {
  // The result of every flow is read here: one generator is enough.
  const { values: answers } = yield { addresses: [systemAddress("flow", id)] };
  const values = answers[0] ?? [];
  const flow = values.find(({ name }) => name === FLOW_VALUE)?.value;
  if (flow === undefined || (flow.expiresAt !== undefined && flow.expiresAt <= now))
    throw flowNotFound(id);
  const { json = null, text = UNDEFINED } = flow.content;
  return foundFlow(
    decodeFlowRecord(json),
    text,
    values.find(({ name }) => name === STATUS_VALUE)?.value.content.text,
  );
}

/** Asks a flow for its record, on an engine that cannot be read from outside. @throws `NOT_FOUND` */
export async function queryFlow(engine: Engine, id: string): Promise<FoundFlow> {
  const asked = { key: engine.nextRequest() };
  const { control, payload } = await askEngine(engine, "flow", {
    id,
    name: "query",
    control: asked,
  });
  const { record, outcome = UNDEFINED } = control;
  if (record === null) throw flowNotFound(id);
  return foundFlow(record, outcome, payload);
}

/** Reads who waits for what in a flow. @throws `NOT_FOUND` */
export function* readWaits(id: string, limit: number, now: number): CommittedReader<FlowWaits> {
  const { record, settled } = yield* readFlow(id, now);
  const work = settled === undefined ? yield* readWork(record.number ?? id) : NO_WORK;
  const isParked = work.messages.some(({ parked }) => parked !== undefined);
  const node = {
    id: `${SYSTEM.flow}/${id}`,
    kind: "flow",
    name: id,
    status: `${record.type}, ${statusWord(record, isParked)}`,
  } as const;
  return yield* readFlowWaits({ flow: node, parked: work, limit });
}
