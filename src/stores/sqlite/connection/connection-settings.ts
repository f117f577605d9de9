import type { DatabaseSync } from "node:sqlite";
import type { Durability } from "./durability.ts";

/**
 * Settings of a connection, which SQLite does not keep in the file.
 *
 * The cache has 8 MiB, because SQLite walks all of it at the end of most transactions (with 32 MiB,
 * a sixth of the writer's time). A log is cut back to 64 MiB. Checkpoints are explicit and never
 * part of a commit, so that their failures are noticed.
 */
const SETTINGS = `
  PRAGMA busy_timeout = 100; PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = 67108864;
  PRAGMA wal_autocheckpoint = 0;  PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8192;
  PRAGMA cell_size_check = ON;
`;

const SYNCHRONOUS = { strict: "FULL", relaxed: "NORMAL" } as const;

/** Sets up a connection. */
export function configureConnection(database: DatabaseSync, durability: Durability): void {
  database.exec(SETTINGS);
  setDurability(database, durability);
}

/** Sets the durability of all later commits of a connection. */
export function setDurability(database: DatabaseSync, durability: Durability): void {
  database.exec(`PRAGMA synchronous = ${SYNCHRONOUS[durability]}`);
}
