import { closeSync, openSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { flushDirectory } from "../file/flush-directory.ts";
import { newRealm } from "../../store-id.ts";
import { makeTables } from "./statements.ts";

/**
 * Makes a store that holds nothing in `file`, for its owner only. It is made under another name, and gets its own when it is whole and has
 * reached the disk: so whatever is found there, an empty file above all, was a store once, or never will be.
 */
export function makeStore(file: string): void {
  const place = `${file}-new`;
  // One that was begun and never got its name.
  rmSync(place, { force: true });
  closeSync(openSync(place, "wx", 0o600));
  const database = new DatabaseSync(place);
  try {
    makeTables(database, newRealm());
  } finally {
    database.close();
  }
  renameSync(place, file);
  flushDirectory(dirname(file));
}
