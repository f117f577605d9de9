import { execFile } from "node:child_process";
import type { ExecFileException } from "node:child_process";
import { promisify } from "node:util";
import { NODE_OPTIONS } from "../process/node-options.ts";

/** A program that opens the store with SQLite while, or after, its engine runs. */
export interface Visitor {
  /** Completes "a visitor ...". */
  readonly how: string;
  /** Resolves to whether SQLite could do it. */
  readonly visit: (path: string) => Promise<boolean>;
}

const LOOK = "SELECT count(*) FROM sqlite_schema";
const LIMIT_MS = 10_000;

/** Visitors that only use SQLite. */
export const visitors: readonly Visitor[] = [
  { how: "looks", visit: (path) => shell(path, LOOK) },
  { how: "copies the log into the file", visit: (path) => shell(path, "PRAGMA wal_checkpoint") },
  { how: "cuts the log", visit: (path) => shell(path, "PRAGMA wal_checkpoint(TRUNCATE)") },
  {
    how: "makes a backup",
    visit: (path) => shell(path, `VACUUM INTO '${path}-backup-${Date.now()}'`),
  },
];

/** Runs SQL in a process of its own, as a database shell does. The store may be in any state. */
async function shell(path: string, sql: string): Promise<boolean> {
  const code = `
    const { DatabaseSync } = require("node:sqlite");
    const database = new DatabaseSync(process.argv[1]);
    database.exec(process.argv[2]);
    database.close();`;
  const args = [...NODE_OPTIONS, "-e", code, path, sql];
  try {
    await promisify(execFile)(process.execPath, args, { timeout: LIMIT_MS });
    return true;
  } catch (error) {
    if (isOfTheStore(error as ExecFileException)) return false;
    throw error;
  }
}

/** Tells whether a visit failed because of the state of the store, and not of the program. */
function isOfTheStore({ killed, signal, stderr = "" }: ExecFileException): boolean {
  return killed === true || signal === "SIGBUS" || stderr.includes("ERR_SQLITE_ERROR");
}
