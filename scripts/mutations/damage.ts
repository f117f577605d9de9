import type { Mutation } from "./mutation.ts";

const TABLES = "src/stores/sqlite/tables";
const WAL_VERIFICATION = "src/stores/sqlite/file/wal-verification.ts";
const DAMAGE_TESTS = "test/stores/sqlite/sqlite-damage.test.ts";

/** Disks that give back something else than was written. */
export const DAMAGE: readonly Mutation[] = [
  {
    breaks: "the damaged row: the checksum does not cover the ends of its texts",
    file: `${TABLES}/state.ts`,
    find: "[rowId, type.length, id.length]",
    replace: "[rowId]",
    test: DAMAGE_TESTS,
    killedBy:
      "a row with a wrong checksum is STORE_CORRUPT, and the error names it: > UPDATE state SET type = type || id, id = '' WHERE place = 1",
  },
  {
    breaks: "the damaged row: the checksum does not cover the due instant",
    file: `${TABLES}/delayed.ts`,
    find: "[seq, dueAt, id.length",
    replace: "[seq, id.length",
    test: DAMAGE_TESTS,
    killedBy:
      "a row with a wrong checksum is STORE_CORRUPT, and the error names it: > UPDATE delayed SET due_at = 51 WHERE seq = 3",
  },
  {
    breaks: "the damaged row: the checksum does not cover the mark of a clean close",
    file: `${TABLES}/meta.ts`,
    find: "[generation, Number(clean), Number(relaxed)]",
    replace: "[generation, Number(relaxed)]",
    test: DAMAGE_TESTS,
    killedBy:
      "a row with a wrong checksum is STORE_CORRUPT, and the error names it: > UPDATE meta SET clean = 1, when the store is opened",
  },
  {
    breaks: "the damaged log: it silently ends where the damage begins",
    file: WAL_VERIFICATION,
    find: "const isDamaged = second !== undefined || flushedFrames(index, log) > committed;",
    replace:
      "const isDamaged = flushedFrames(Buffer.alloc(0), log) > committed && index.length > 0;",
    test: DAMAGE_TESTS,
    killedBy:
      "a log > with a damaged frame before the last commit is STORE_CORRUPT, which names the frame, and stays unchanged",
  },
  {
    breaks: "the damaged log: the index is not asked about the last commit",
    file: WAL_VERIFICATION,
    find: " || flushedFrames(index, log) > committed;",
    replace: ";\n  void [flushedFrames, index, committed];",
    test: DAMAGE_TESTS,
    killedBy:
      "a log > with a damaged last commit that its index counts as flushed is STORE_CORRUPT",
  },
  {
    breaks: "the damaged log: a torn commit is taken for damage",
    file: WAL_VERIFICATION,
    find: "const isDamaged = second !== undefined",
    replace: "const isDamaged = first !== undefined",
    test: DAMAGE_TESTS,
    killedBy:
      "a log > with a torn last commit loses that commit only, as after a power cut, and again after the next one",
  },
  {
    breaks: "the damaged log: the rest of a torn commit is taken for a later one",
    file: WAL_VERIFICATION,
    find: "hasRemains: first !== undefined || frames.belongs(committed + 1)",
    replace: "hasRemains: false",
    test: DAMAGE_TESTS,
    killedBy:
      "a log > with a torn last commit loses that commit only, as after a power cut, and again after the next one",
  },
  {
    breaks: "the damaged log: a log with a damaged header is taken for an empty one",
    file: WAL_VERIFICATION,
    find: "hasContent ? { ...EMPTY, damagedFrame: 0 } : EMPTY",
    replace: "(void hasContent, EMPTY)",
    test: DAMAGE_TESTS,
    killedBy: "a log > with a damaged header is STORE_CORRUPT; an empty or zeroed one is not",
  },
];
