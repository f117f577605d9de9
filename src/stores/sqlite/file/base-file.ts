import { closeSync, openSync, readSync } from "node:fs";
import { markInPage } from "./commit-mark.ts";
import type { CommitMark } from "./commit-mark.ts";
import { SCHEMA_VERSION_AT } from "./log-history.ts";

/** The file of a store as it is without its log. */
export interface BaseFile {
  /** The mark of the last commit that is in the file; `undefined` if none was found. */
  readonly mark: CommitMark | undefined;
  readonly schemaVersion: number;
}

/** Pages in which to look for the mark. SQLite keeps the first pages of all tables at the front. */
const SEARCHED_PAGES = 64;
/** Offset of the page size in the header, and the number that means the largest size. */
const [PAGE_SIZE_AT, LARGEST, LARGEST_SIZE] = [16, 1, 65_536];
const HEADER_BYTES = 100;

/**
 * Reads the file of a store, without its log. Only under the store's lock, and before SQLite opens
 * the file, because closing it drops SQLite's locks (POSIX).
 */
export function readBaseFile(file: string): BaseFile {
  const descriptor = openSync(file, "r");
  try {
    const header = read(descriptor, HEADER_BYTES);
    const size = header.readUInt16BE(PAGE_SIZE_AT);
    const pageSize = size === LARGEST ? LARGEST_SIZE : size;
    const pages = read(descriptor, SEARCHED_PAGES * pageSize);
    let mark: CommitMark | undefined;
    for (let at = pageSize; at < pages.length && mark === undefined; at += pageSize)
      mark = markInPage(pages.subarray(at, at + pageSize));
    return { mark, schemaVersion: header.readUInt32BE(SCHEMA_VERSION_AT) };
  } finally {
    closeSync(descriptor);
  }
}

function read(descriptor: number, bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  return buffer.subarray(0, readSync(descriptor, buffer, 0, bytes, 0));
}
