import { crc32 } from "node:zlib";

/**
 * The mark that every commit leaves in the store. It tells who made the commit and how many there
 * have been, so that the file and its log can be held against each other.
 */
export interface CommitMark {
  readonly storeId: string;
  /** The opening that made the commit. */
  readonly generation: number;
  /** Number of commits so far. */
  readonly commits: number;
  /**
   * SQLite's schema version at the commit. `VACUUM INTO` and the backup function of SQLite give
   * another one to the copy that they write.
   */
  readonly schemaVersion: number;
  /** `true` once the store is closed: the file then needs no log. */
  readonly isClosed: boolean;
}

const PREFIX = "handback-commit";
/** Characters of the numbers. A mark always has the same length, so SQLite writes it in place. */
const [DIGITS, SCHEMA_DIGITS, SUM_DIGITS] = [16, 10, 8];
const MARK = /^handback-commit ([0-9a-f]{16}) (\d{16}) (\d{16}) (\d{10}) ([01])( [0-9a-f]{8})/;

/** Encodes a mark as a text of a fixed length, with a checksum. */
export function encodeMark(mark: CommitMark): string {
  const { storeId, generation, commits, schemaVersion, isClosed } = mark;
  const numbers = `${pad(generation, DIGITS)} ${pad(commits, DIGITS)} ${pad(schemaVersion, SCHEMA_DIGITS)}`;
  const text = `${PREFIX} ${storeId} ${numbers} ${Number(isClosed)}`;
  return text + checksumOf(text);
}

/** Decodes a mark. Returns `undefined` if the text does not start with an intact one. */
export function decodeMark(text: string): CommitMark | undefined {
  const [all = "", storeId = "", generation, commits, schemaVersion, isClosed, sum] =
    MARK.exec(text) ?? [];
  if (sum === undefined || checksumOf(all.slice(0, -sum.length)) !== sum) return undefined;
  return {
    storeId,
    generation: Number(generation),
    commits: Number(commits),
    schemaVersion: Number(schemaVersion),
    isClosed: isClosed === "1",
  };
}

/** The format of a page: https://sqlite.org/fileformat2.html#b_tree_pages. */
const PAGE = { leaf: 0x0d, type: 0, cells: 3, firstCell: 8, header: 10 };
/** Bytes before the text of a cell, at most: the lengths and types of its columns. */
const CELL_HEADER = 24;

/** Finds the mark in a page of the store, if the page is that of the table with the mark. */
export function markInPage(page: Buffer): CommitMark | undefined {
  if (page.length < PAGE.header || page[PAGE.type] !== PAGE.leaf) return undefined;
  if (page.readUInt16BE(PAGE.cells) !== 1) return undefined;
  const start = page.readUInt16BE(PAGE.firstCell);
  const at = page.indexOf(PREFIX, start, "latin1");
  if (at < start || at > start + CELL_HEADER) return undefined;
  return decodeMark(page.toString("latin1", at, at + 128));
}

function pad(value: number, digits: number): string {
  return String(value).padStart(digits, "0");
}

function checksumOf(text: string): string {
  return ` ${crc32(text).toString(16).padStart(SUM_DIGITS, "0")}`;
}
