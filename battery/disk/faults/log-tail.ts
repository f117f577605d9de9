import { readFileSync } from "node:fs";

const HEADER = 32;
const FRAME_HEADER = 24;
const SALTS = { from: 16, to: 24 };
const PAGE_SIZE = 8;

/**
 * Finds where the last commit in a log of SQLite (WAL) begins. What comes from there on may not have been flushed when the process died,
 * so harm that is done there looks like what a power cut leaves; harm that is done before, to what was flushed before the next commit
 * was written, does not. See https://sqlite.org/fileformat2.html#walformat.
 */
export function startOfLastCommit(log: string): number {
  const bytes = readFileSync(log);
  if (bytes.length < HEADER) return 0;
  const frame = FRAME_HEADER + bytes.readUInt32BE(PAGE_SIZE);
  const salts = bytes.subarray(SALTS.from, SALTS.to);
  const ends = [HEADER];
  for (let at = HEADER; at + frame <= bytes.length; at += frame) {
    // A log is written anew from its beginning: with other salts, it is of the time before that.
    if (!bytes.subarray(at + 8, at + 16).equals(salts)) break;
    const isCommit = bytes.readUInt32BE(at + 4) > 0;
    if (isCommit) ends.push(at + frame);
  }
  return ends.at(-2) ?? 0;
}
