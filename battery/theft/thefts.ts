import {
  closeSync,
  copyFileSync,
  cpSync,
  ftruncateSync,
  fstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { dirname } from "node:path";
import { Worker } from "node:worker_threads";

/** The files that SQLite and the store hold locks on. */
const LOCKED = ["", "-shm", "-lock"] as const;
/** The log, its second name, and the number of the last commit. */
const LOG = ["-wal", "-wal-link", "-last"] as const;

/** An act of the program itself, or of another one, on the files of an open store. */
export interface Theft {
  /** Completes "a process that ...". */
  readonly how: string;
  /** True if it can leave acknowledged work in no file at all. Opening must then be refused. */
  readonly losesLog?: boolean;
  /** True if it takes its name away from a file that the engine has open. */
  readonly replaces?: boolean;
  readonly act: (path: string) => void;
}

/** Acts in the process of the engine. Those that close a descriptor drop its locks (POSIX). */
export const inProcess: readonly Theft[] = [
  ...LOCKED.map((end) => ({
    how: `copies ${end === "" ? "the file" : end}`,
    act: (path: string) => copyFileSync(path + end, `${path}-stolen${end}`),
  })),
  {
    how: "reads all files, as for an upload",
    act: (path) => {
      for (const end of [...LOCKED, ...LOG]) if (end !== "-last") readFileSync(path + end);
    },
  },
  {
    how: "opens and closes the files",
    act: (path) => {
      for (const end of LOCKED) closeSync(openSync(path + end, "r"));
    },
  },
  {
    how: "copies the folder",
    act: (path) =>
      cpSync(dirname(path), `${dirname(path)}-stolen`, { recursive: true, force: true }),
  },
  {
    how: "opens the store with SQLite",
    act: (path) => {
      const database = new DatabaseSync(path);
      database.prepare("SELECT count(*) FROM sqlite_schema").get();
      database.close();
    },
  },
  { how: "reads the files in a thread", act: readInThread },
];

/** Acts of any process. */
export const anywhere: readonly Theft[] = [
  { how: "deletes the lock file", act: deleteAll("-lock") },
  { how: "deletes the log", replaces: true, act: deleteAll("-wal") },
  { how: "deletes the index of the log", replaces: true, act: deleteAll("-shm") },
  { how: "deletes the log and its index", replaces: true, act: deleteAll("-wal", "-shm") },
  { how: "deletes the second name of the log", act: deleteAll("-wal-link", "-last") },
  {
    how: "deletes all names of the log",
    losesLog: true,
    replaces: true,
    act: deleteAll("-wal", "-wal-link"),
  },
  {
    how: "deletes all but the file",
    losesLog: true,
    replaces: true,
    act: deleteAll(...LOG, "-shm", "-lock", "-pid"),
  },
  {
    how: "replaces the file by a copy",
    losesLog: true,
    replaces: true,
    act: (path) => {
      copyFileSync(path, `${path}-new`);
      renameSync(`${path}-new`, path);
    },
  },
  { how: "truncates the index of the log, as another SQLite library does", act: truncateIndex },
];

/** Returns an act by its description. */
export function theftOf(how: string): Theft {
  const found = [...inProcess, ...anywhere].find((theft) => theft.how === how);
  if (found === undefined) throw new Error(`there is no theft "${how}"`);
  return found;
}

function deleteAll(...ends: readonly string[]): (path: string) => void {
  return (path) => {
    for (const end of ends) rmSync(path + end, { force: true });
  };
}

function readInThread(path: string): void {
  const code = `
    const { workerData } = require("node:worker_threads");
    for (const end of ["", "-shm", "-lock"]) require("node:fs").readFileSync(workerData + end);`;
  new Worker(code, { eval: true, workerData: path }).unref();
}

/**
 * Truncates the index and gives it its size again: the first thing that SQLite does on opening a
 * log that no other process seems to use.
 */
function truncateIndex(path: string): void {
  const file = openSync(`${path}-shm`, "r+");
  const { size } = fstatSync(file);
  ftruncateSync(file, 3);
  ftruncateSync(file, size);
  closeSync(file);
}
