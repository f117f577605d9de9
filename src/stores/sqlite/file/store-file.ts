import { closeSync, lstatSync, mkdirSync, openSync, readSync, realpathSync } from "node:fs";
import type { Stats } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { HandbackError } from "../../../core/errors/errors.ts";
import { flushDirectory } from "./flush-directory.ts";
import { corruptStore } from "./sqlite-failure.ts";

/** The application id in the header of a store: "HDBK". */
export const APPLICATION_ID = 0x4844424b;

/** The format version in the header of a store: the one that this release reads and writes. */
export const FORMAT_VERSION = 1;

/** Offsets in SQLite's file header: big-endian 32-bit numbers in the first 100 bytes. */
const HEADER = { bytes: 100, magic: "SQLite format 3\0", version: 60, application: 68 };

/**
 * Returns the one path of the store that `path` names, with symbolic links resolved, and creates
 * its directory (mode 0700) if it is missing. The file itself may be missing. Otherwise it must be
 * a plain file without hard links, because SQLite finds the log by the name of the file.
 */
export function locateStore(path: string): string {
  const directory = dirname(resolve(path));
  makeDirectory(directory);
  const named = join(realpathSync(directory), basename(path));
  const file = statIfExists(named) === undefined ? named : realpathSync(named);
  const stats = statIfExists(file);
  if (stats !== undefined && !stats.isFile())
    throw new Error(`it is ${stats.isDirectory() ? "a directory" : "not a plain file"}`);
  if (stats !== undefined && stats.nlink > 1)
    throw new Error(`the file has ${stats.nlink} names (hard links)`);
  return file;
}

/**
 * Creates a directory and its parents. Node's own `recursive` never returns where the system
 * refuses to create directories, as in `/proc`.
 */
function makeDirectory(path: string): void {
  if (statIfExists(path) !== undefined) return;
  makeDirectory(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
    flushDirectory(dirname(path));
  } catch (error) {
    // Another process may have created it meanwhile.
    if (statIfExists(path) === undefined) throw error;
  }
}

/**
 * Returns whether the file exists, after checking by its header that it is a store. Changes no
 * file.
 */
export function storeExists(file: string): boolean {
  if (statIfExists(file) === undefined) {
    checkNoStaleLog(file);
    return false;
  }
  checkHeader(file, readHeader(file));
  return true;
}

/** Rejects the log of a deleted store, because SQLite would apply it to the next one. */
function checkNoStaleLog(file: string): void {
  const log = `${file}-wal`;
  if ((statIfExists(log)?.size ?? 0) === 0) return;
  const advice = "to start with an empty store, delete the log";
  throw corruptStore(file, `the file is missing, but its log ${log} exists; ${advice}`);
}

function checkHeader(file: string, header: Buffer): void {
  if (header.length === 0) {
    const reason =
      "the file is empty; to start with an empty store, delete it and its -wal and -shm";
    throw corruptStore(file, reason);
  }
  if (
    header.length < HEADER.bytes ||
    header.toString("latin1", 0, HEADER.magic.length) !== HEADER.magic
  ) {
    throw corruptStore(file, "the file does not have the header of a SQLite database");
  }
  if (header.readUInt32BE(HEADER.application) !== APPLICATION_ID)
    throw new Error("it is the database of another application");
  const version = header.readUInt32BE(HEADER.version);
  if (version > FORMAT_VERSION) {
    const supported = FORMAT_VERSION;
    const reason = `has format ${version}, but this release supports at most format ${supported}`;
    throw new HandbackError("FORMAT_TOO_NEW", `the store ${file} ${reason}`, {
      details: { file, version, supported },
    });
  }
}

/**
 * Reads the header, as far as it exists. Only under the store's lock, because closing the file
 * drops SQLite's locks on it (POSIX).
 */
function readHeader(file: string): Buffer {
  const descriptor = openSync(file, "r");
  try {
    const header = Buffer.alloc(HEADER.bytes);
    return header.subarray(0, readSync(descriptor, header, 0, header.length, 0));
  } finally {
    closeSync(descriptor);
  }
}

function statIfExists(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}
