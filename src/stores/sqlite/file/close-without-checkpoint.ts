import { DatabaseSync } from "node:sqlite";

/**
 * Closes all connections to the database in `file`, by `close`, so that nothing is written, flushed, or removed by that: the log stays.
 *
 * SQLite takes the log over into the file when the last connection is closed. After a flush that failed it must not: the system may have
 * dropped what it could not write, and would say now that all is well. Here the last connection is one that may not write.
 */
export function closeWithoutCheckpoint(file: string, close: () => void): void {
  const last = openReader(file);
  try {
    close();
  } finally {
    last?.close();
  }
}

/** Opens a connection that has seen the log: without, it would not count. */
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
    // A database that cannot be read has no log that could be taken over.
  }
  return undefined;
}
