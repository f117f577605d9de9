import { closeSync, openSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { newStoreId } from "../../store-id.ts";
import { flushDirectory } from "../file/flush-directory.ts";
import { removeLastCommit } from "../file/last-commit.ts";
import { unlinkLog } from "../file/second-log.ts";
import { APPLICATION_ID, FORMAT_VERSION } from "../file/store-file.ts";
import { insertMeta } from "../tables/meta.ts";
import { ALL_TABLES } from "../tables/tables.ts";

/**
 * Creates an empty store in `file`, readable by its owner only. The store is made under a temporary
 * name, and renamed when it is complete and has reached the disk. An incomplete file under the real
 * name, such as an empty one, is therefore always damage.
 */
export function createStore(file: string): void {
  const temporary = `${file}-new`;
  // An earlier process may have crashed before the rename.
  rmSync(temporary, { force: true });
  unlinkLog(file);
  removeLastCommit(file);
  closeSync(openSync(temporary, "wx", 0o600));
  const database = new DatabaseSync(temporary);
  try {
    createTables(database);
  } finally {
    database.close();
  }
  renameSync(temporary, file);
  flushDirectory(dirname(file));
}

/**
 * Creates all tables in one transaction.
 *
 * SQ3 Application id and format version are written before the log (WAL) is first used. Every
 *     change of the format must do the same, so that the header of the file itself always holds
 *     them.
 */
function createTables(database: DatabaseSync): void {
  database.exec("PRAGMA journal_mode = MEMORY; PRAGMA synchronous = FULL");
  // A file gets smaller only if `auto_vacuum` is set before the first table.
  database.exec("PRAGMA auto_vacuum = INCREMENTAL; BEGIN");
  database.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
  database.exec(`PRAGMA user_version = ${FORMAT_VERSION}`);
  for (const { schema } of ALL_TABLES) database.exec(schema);
  insertMeta(database, newStoreId());
  database.exec("COMMIT");
}
