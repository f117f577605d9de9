import { DatabaseSync } from "node:sqlite";

/**
 * Closes all connections to the database in `file`, with `close`, so that closing writes, flushes
 * and removes nothing: the log stays.
 *
 * SQLite copies the log into the file when the last connection closes. After a failed flush it must
 * not: the operating system may have dropped the pages that it could not write, and a later flush
 * would report success.
 */
export function closeWithoutCheckpoint(file: string, close: () => void): void {
  new LastConnection(file).closeAfter(close);
}

/**
 * A read-only connection. When it is the last one to close, SQLite cannot copy the log. It is
 * opened before it is needed, because later the log may be missing: then it cannot be opened, and
 * the other connections would copy a log that has lost its name into a file that belongs to another
 * engine.
 */
export class LastConnection {
  readonly #reader: DatabaseSync | undefined;

  constructor(file: string) {
    this.#reader = openReader(file);
  }

  /** Closes this connection, so that the next one to close copies the log. */
  close(): void {
    this.#reader?.close();
  }

  /** Closes the other connections, with `close`, and then this one. */
  closeAfter(close: () => void): void {
    try {
      close();
    } finally {
      this.close();
    }
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
