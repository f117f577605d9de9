import type { Mutation } from "./mutation.ts";

const ROW_SUMS = "src/stores/sqlite/rows/row-checksums.ts";
const LOG_DAMAGE = "src/stores/sqlite/file/wal-verification.ts";
const DAMAGE_TESTS = "test/stores/sqlite/sqlite-damage.test.ts";

/** Disks that give back something else than was written. */
export const DAMAGE: readonly Mutation[] = [
  {
    breaks: "the damaged row: where one text ends and the next begins does not count",
    file: ROW_SUMS,
    find: "[place, type.length, id.length]",
    replace: "[place]",
    test: DAMAGE_TESTS,
    killedBy:
      "a row that is not what was written is STORE_CORRUPT, and named: > UPDATE state SET type = type || id, id = '' WHERE place = 1",
  },
  {
    breaks: "the damaged row: when a message is due does not count",
    file: ROW_SUMS,
    find: "[seq, dueAt, id.length",
    replace: "[seq, id.length",
    test: DAMAGE_TESTS,
    killedBy:
      "a row that is not what was written is STORE_CORRUPT, and named: > UPDATE delayed SET due_at = 51 WHERE seq = 3",
  },
  {
    breaks: "the damaged row: whether the store was closed as one that is whole does not count",
    file: ROW_SUMS,
    find: "[generation, Number(clean), Number(relaxed)]",
    replace: "[generation, Number(relaxed)]",
    test: DAMAGE_TESTS,
    killedBy:
      "a row that is not what was written is STORE_CORRUPT, and named: > UPDATE meta SET clean = 1, when the store is opened",
  },
  {
    breaks:
      "the damaged log: it ends where the damage begins, and what was flushed behind it is lost without a word",
    file: LOG_DAMAGE,
    find: "const isDamaged = second !== undefined || flushedFrames(index, log) > committed;",
    replace:
      "const isDamaged = flushedFrames(Buffer.alloc(0), log) > committed && index.length > 0;",
    test: DAMAGE_TESTS,
    killedBy:
      "a log > with a damaged frame ahead of the last commit is STORE_CORRUPT, which names it, and is left as it is",
  },
  {
    breaks: "the damaged log: what its index knows of the last commit is not asked for",
    file: LOG_DAMAGE,
    find: " || flushedFrames(index, log) > committed;",
    replace: ";\n  void [flushedFrames, index, committed];",
    test: DAMAGE_TESTS,
    killedBy:
      "a log > whose last commit is damaged, though its index knows that it was flushed, is STORE_CORRUPT",
  },
  {
    breaks: "the damaged log: a commit that a power cut has torn is taken for damage",
    file: LOG_DAMAGE,
    find: "const isDamaged = second !== undefined",
    replace: "const isDamaged = first !== undefined",
    test: DAMAGE_TESTS,
    killedBy:
      "a log > that ends in the middle of the last commit ends before it, as after a power cut, and so it does after the next one",
  },
  {
    breaks: "the damaged log: what is left of a torn commit is taken for one behind the next",
    file: LOG_DAMAGE,
    find: "hasRemains: first !== undefined || frames.carriesSalts(committed + 1)",
    replace: "hasRemains: false",
    test: DAMAGE_TESTS,
    killedBy:
      "a log > that ends in the middle of the last commit ends before it, as after a power cut, and so it does after the next one",
  },
  {
    breaks: "the damaged log: one whose header is damaged is taken for one that was never begun",
    file: LOG_DAMAGE,
    find: "log.subarray(HEADER.bytes).some((byte) => byte !== 0) ? { damagedFrame: 0, hasRemains: false } : NOTHING",
    replace: "NOTHING",
    test: DAMAGE_TESTS,
    killedBy: "a log > with a damaged header is STORE_CORRUPT; one that was never begun is not",
  },
];
