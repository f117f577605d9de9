import { closeSync, openSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { flushDirectory } from "../file/flush-directory.ts";
import { newStoreId } from "../../store-id.ts";
import { makeTables } from "./connection-settings.ts";

/**
 * Makes a store that holds nothing in `file`, for its owner only. It is made under another name, and gets its own when it is whole and has
 * reached the disk: so whatever is found there, an empty file above all, was a store once, or never will be.
 */
export function createStore(file: string): void {
  const rowId = `${file}-new`;
  // One that was begun and never got its name.
  rmSync(rowId, { force: true });
  closeSync(openSync(rowId, "wx", 0o600));
  const database = new DatabaseSync(rowId);
  try {
    makeTables(database, newStoreId());
  } finally {
    database.close();
  }
  renameSync(rowId, file);
  flushDirectory(dirname(file));
}
