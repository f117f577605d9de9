import { readFileSync } from "node:fs";

const HEADER = 32;
const FRAME_HEADER = 24;
const SALTS = { from: 16, to: 24 };
const PAGE_SIZE = 8;

/**
 * Finds the start of the last commit in a log of SQLite (WAL). Data from there on may not have been
 * flushed when the process died, so damage there looks like a power cut. Damage before it hits data
 * that was flushed before the next commit was written. See
 * https://sqlite.org/fileformat2.html#walformat.
 */
export function startOfLastCommit(log: string): number {
  const bytes = readFileSync(log);
  if (bytes.length < HEADER) return 0;
  const frame = FRAME_HEADER + bytes.readUInt32BE(PAGE_SIZE);
  const salts = bytes.subarray(SALTS.from, SALTS.to);
  const ends = [HEADER];
  for (let at = HEADER; at + frame <= bytes.length; at += frame) {
    // SQLite reuses the log from its beginning. Frames with other salts are from the earlier use.
    if (!bytes.subarray(at + 8, at + 16).equals(salts)) break;
    const isCommit = bytes.readUInt32BE(at + 4) > 0;
    if (isCommit) ends.push(at + frame);
  }
  return ends.at(-2) ?? 0;
}
