import { DatabaseSync } from "node:sqlite";

/**
 * Writes the store in `file`, with its log, to a new file. It shows the store as of one moment, and
 * other connections can commit meanwhile.
 *
 * @param to - an empty file
 */
export function copyStore(file: string, to: string): void {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    database.exec("PRAGMA busy_timeout = 5000");
    database.prepare("VACUUM INTO ?").run(to);
  } finally {
    database.close();
  }
}
