import fc from "fast-check";
import { expect, test } from "vitest";
import { committedRecords } from "../../../../src/engines/statefun/kafka/committed-records.ts";
import type { RecordsBatch } from "../../../../src/engines/statefun/kafka/committed-records.ts";

const [PLAIN, TRANSACTIONAL, MARKER] = [0, 0x10, 0x30];

/** A transaction of a producer, or plain batches: the sizes of its batches, and its end. */
interface Part {
  readonly producer: number;
  readonly sizes: readonly number[];
  readonly end: "commit" | "abort" | "none";
}

const parts: fc.Arbitrary<readonly Part[]> = fc.array(
  fc.record({
    producer: fc.nat({ max: 2 }),
    sizes: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 }),
    end: fc.constantFrom("commit", "abort", "none"),
  }),
  { maxLength: 6 },
);

/** A partition as brokers keep it. */
interface Log {
  readonly batches: readonly RecordsBatch[];
  readonly aborted: readonly { producerId: bigint; firstOffset: bigint; last: bigint }[];
  readonly committed: readonly string[];
}

/** Writes the parts of each producer in order, those of different producers in any order. */
function logOf(written: readonly Part[], turns: readonly number[]): Log {
  const queues = [0, 1, 2].map((producer) =>
    written
      .filter((part) => part.producer === producer)
      .flatMap((part) => {
        const id = { first: -1n };
        const size = (count: number, at: number) => ({ part, count, id, isFirst: at === 0 });
        const ends = part.end === "none" ? [] : [{ part, count: 0, id, isFirst: false }];
        return [...part.sizes.map(size), ...ends];
      }),
  );
  const batches: RecordsBatch[] = [];
  const aborted: { producerId: bigint; firstOffset: bigint; last: bigint }[] = [];
  const committed: string[] = [];
  let next = 0n;
  for (let turn = 0; queues.some(({ length }) => length > 0); turn++) {
    const open = queues.filter(({ length }) => length > 0);
    const step = open[(turns[turn % Math.max(1, turns.length)] ?? 0) % open.length]?.shift();
    if (step === undefined) break;
    const { part, count, id, isFirst } = step;
    const producerId = part.end === "none" ? -1n : BigInt(part.producer);
    if (isFirst) id.first = next;
    const keys =
      count === 0
        ? [Buffer.from([0, 0, 0, part.end === "commit" ? 1 : 0])]
        : Array.from({ length: count }, (_, n) => Buffer.from(`${next + BigInt(n)}`));
    const kind = part.end === "none" ? PLAIN : TRANSACTIONAL;
    const attributes = count === 0 ? MARKER : kind;
    const lastOffsetDelta = keys.length - 1;
    const records = keys.map((key, offsetDelta) => ({ key, value: key, offsetDelta }));
    batches.push({ attributes, firstOffset: next, lastOffsetDelta, producerId, records });
    if (count > 0 && part.end !== "abort") committed.push(...keys.map(String));
    if (count === 0 && part.end === "abort")
      aborted.push({ producerId, firstOffset: id.first, last: next });
    next += BigInt(keys.length);
  }
  return { batches, aborted, committed };
}

test("each committed record of a partition is read once, whatever is aborted and wherever a read ends", () => {
  fc.assert(
    fc.property(
      parts,
      fc.array(fc.nat({ max: 2 }), { minLength: 1 }),
      fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1 }),
      (written, turns, lengths) => {
        const { batches, aborted, committed } = logOf(written, turns);
        const read: string[] = [];
        let from = 0n;
        for (let at = 0, turn = 0; at < batches.length; turn++) {
          const fetched = batches.slice(at, at + (lengths[turn % lengths.length] ?? 1));
          const end = (fetched.at(-1)?.firstOffset ?? 0n) + 3n;
          const abortedTransactions = aborted.filter(
            ({ firstOffset, last }) => last >= from && firstOffset < end,
          );
          const block = committedRecords({ records: fetched, abortedTransactions }, from);
          read.push(...block.records.map(({ typename }) => typename));
          expect(block.next).toBeGreaterThan(from);
          from = block.next;
          at += fetched.length;
        }
        expect(read).toEqual(committed);
      },
    ),
  );
});

test("a read in the middle of a batch leaves out the records before it", () => {
  const { batches } = logOf([{ producer: 0, sizes: [3], end: "none" }], [0]);
  const block = committedRecords({ records: batches, abortedTransactions: null }, 1n);
  expect(block).toMatchObject({ records: [{ typename: "1" }, { typename: "2" }], next: 3n });
});
