import type { Encoded } from "../codec/encoded.ts";

/** The items of one run in one row of the journal. */
export interface StreamRowContent {
  /** Id of the message that the run handled. */
  readonly run: string;
  readonly epoch: number;
  readonly values: readonly string[];
}

/** Ends the head of a row. The head, which is JSON, does not contain it. */
const HEAD_END = "\n";

type Head = readonly [run: string, epoch: number, ...lengths: number[]];

/** Encodes a row: a head with the lengths of the values, and the values, which stay as they are. */
export function encodeStreamRow({ run, epoch, values }: StreamRowContent): string {
  const head: Head = [run, epoch, ...values.map(({ length }) => length)];
  return JSON.stringify(head) + HEAD_END + values.join("");
}

/** Decodes the result of {@link encodeStreamRow}. */
export function decodeStreamRow(text: string): StreamRowContent {
  const end = text.indexOf(HEAD_END);
  const [run, epoch, ...lengths] = JSON.parse(text.slice(0, end)) as Head;
  let at = end + HEAD_END.length;
  const values = lengths.map((length) => text.slice(at, (at += length)) as Encoded);
  return { run, epoch, values };
}
