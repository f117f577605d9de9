import type { RecordBlock } from "./kafka-connection.ts";

/** Bits of the attributes of a batch. */
const [TRANSACTIONAL, CONTROL] = [0x10, 0x20];
/** Place of the type of a marker in its key. The type 0 ends a transaction that was aborted. */
const [MARKER_TYPE_AT, ABORT] = [2, 0];

const text = new TextDecoder();

/** The part of a fetched partition that says what is committed. */
export interface FetchedPartition {
  readonly records?: readonly RecordsBatch[] | null;
  /** Transactions that were aborted: the producer of each, and its first record. */
  readonly abortedTransactions: readonly AbortedTransaction[] | null;
}

interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: bigint;
}

/** A batch of records, or the marker that ends a transaction. */
export interface RecordsBatch extends AbortedTransaction {
  readonly attributes: number;
  readonly lastOffsetDelta: number;
  readonly records: readonly {
    readonly key: Buffer | null;
    readonly value: Buffer | null;
    readonly offsetDelta: number;
  }[];
}

/**
 * Returns the committed records of a fetched partition, which ends before the first transaction that
 * is open. The client of Kafka keeps records of aborted transactions if a producer aborted several of
 * them in one block, or if their end is in the next block.
 *
 * @param from - offset that was asked for; the first batch may begin before it
 */
export function committedRecords(
  { records: batches, abortedTransactions }: FetchedPartition,
  from: bigint,
): RecordBlock {
  const aborted = (abortedTransactions ?? []).toSorted((a, b) =>
    Number(a.firstOffset - b.firstOffset),
  );
  const aborting = new Set<bigint>();
  const records: RecordBlock["records"][number][] = [];
  let next = from;
  for (const batch of batches ?? []) {
    const { attributes, firstOffset, producerId } = batch;
    const last = firstOffset + BigInt(batch.lastOffsetDelta);
    while (aborted[0] !== undefined && aborted[0].firstOffset <= last)
      aborting.add(aborted.shift()?.producerId ?? producerId);
    if ((attributes & CONTROL) !== 0) {
      if (batch.records[0]?.key?.readInt16BE(MARKER_TYPE_AT) === ABORT) aborting.delete(producerId);
    } else if ((attributes & TRANSACTIONAL) === 0 || !aborting.has(producerId)) {
      for (const { key, value, offsetDelta } of batch.records)
        if (firstOffset + BigInt(offsetDelta) >= from)
          records.push({ typename: text.decode(key ?? EMPTY), bytes: value ?? EMPTY });
    }
    if (last >= next) next = last + 1n;
  }
  return { records, next };
}

const EMPTY = new Uint8Array();
