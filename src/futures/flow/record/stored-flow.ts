import type { Activation } from "../../../core/activation/activation.ts";
import type { Encoded } from "../../../core/codec/encoded.ts";
import { decodeFlowRecord, encodeFlowRecord, FLOW_VALUE } from "./flow-record.ts";
import type { FlowRecord } from "./flow-record.ts";

/** Name of the value that holds a flow's custom status. */
export const STATUS_VALUE = "status";
/** Name of the value that holds the input of a flow, where the record does not. */
export const INPUT_VALUE = "input";
/** Largest input, in characters, that is written again with each change of a pending record. */
const SMALL_INPUT = 1_024;

/** Reads the record of a flow. */
export function readFlow(activation: Activation): FlowRecord | undefined {
  const stored = activation.json(FLOW_VALUE);
  return stored === undefined ? undefined : decodeFlowRecord(stored);
}

/** Writes the record of a flow that starts. Its input is the text beside the record. */
export function saveNewFlow(activation: Activation, record: FlowRecord, input: Encoded): void {
  activation.write(FLOW_VALUE, { json: encodeFlowRecord(record), text: input });
}

/**
 * Writes a changed record. The text beside it is the input while the flow is pending, and its outcome
 * from then on. A large input moves to a value of its own, so that further changes do not cost more.
 */
export function saveFlow(activation: Activation, record: FlowRecord): void {
  const text = activation.read(FLOW_VALUE)?.content.text;
  if (record.ok !== undefined || text === undefined || text.length <= SMALL_INPUT)
    return writeFlow(activation, record, text);
  activation.write(INPUT_VALUE, { text });
  writeFlow(activation, record, undefined);
}

/**
 * Writes the record of a flow that ends. Its input is kept if it did not complete, because it can be
 * restarted then.
 */
export function saveEndedFlow(activation: Activation, record: FlowRecord, outcome: Encoded): void {
  const apart = activation.read(INPUT_VALUE)?.content.text;
  if (record.ok === true) {
    if (apart !== undefined) activation.delete(INPUT_VALUE);
    return writeFlow(activation, record, outcome);
  }
  const input = apart ?? activation.read(FLOW_VALUE)?.content.text;
  if (input !== undefined && input.length <= SMALL_INPUT)
    return writeFlow(activation, { ...record, input }, outcome);
  if (input !== undefined)
    activation.write(INPUT_VALUE, { text: input }, keepUntil(activation, record));
  writeFlow(activation, record, outcome);
}

/** Returns the input of a flow that has not completed. One of an earlier release has none. */
export function readKeptInput(activation: Activation, record: FlowRecord): Encoded | undefined {
  return record.input ?? activation.read(INPUT_VALUE)?.content.text;
}

function writeFlow(activation: Activation, record: FlowRecord, text: Encoded | undefined): void {
  const json = encodeFlowRecord(record);
  const content = text === undefined ? { json } : { json, text };
  activation.write(FLOW_VALUE, content, keepUntil(activation, record));
}

function keepUntil({ environment }: Activation, { settledAt }: FlowRecord): number | undefined {
  return settledAt === undefined ? undefined : settledAt + environment.retentionMs;
}
