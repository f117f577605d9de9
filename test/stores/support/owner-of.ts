import { DatabaseSync } from "node:sqlite";
import type { StoreOwner } from "../../../src/stores/sqlite/tables/commit-marks.ts";

/** Returns the opening that has the store in `file` open. */
export function ownerOf(file: string): StoreOwner {
  const database = new DatabaseSync(file);
  try {
    const row = database.prepare("SELECT realm, generation FROM meta").get();
    return { storeId: String(row?.["realm"]), generation: Number(row?.["generation"]) };
  } finally {
    database.close();
  }
}
