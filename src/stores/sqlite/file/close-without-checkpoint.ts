import { DatabaseSync } from "node:sqlite";

/**
 * Closes all connections to the database in `file`, with `close`, so that closing writes, flushes
 * and removes nothing: the log stays.
 *
 * SQLite copies the log into the file when the last connection closes. After a failed flush it must
 * not: the operating system may have dropped the pages that it could not write, and a later flush
 * would report success. Here the last connection is read-only, so it cannot copy the log.
 */
export function closeWithoutCheckpoint(file: string, close: () => void): void {
  const last = openReader(file);
  try {
    close();
  } finally {
    last?.close();
  }
}

/** Opens a connection and reads, because SQLite counts only a connection that has seen the log. */
function openReader(file: string): DatabaseSync | undefined {
  try {
    const reader = new DatabaseSync(file, { readOnly: true });
    try {
      reader.prepare("PRAGMA schema_version").get();
      return reader;
    } catch {
      reader.close();
    }
  } catch {
    // A database that cannot be read has no log to copy.
  }
  return undefined;
}
