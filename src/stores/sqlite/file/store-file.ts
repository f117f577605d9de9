import { closeSync, lstatSync, mkdirSync, openSync, readSync, realpathSync } from "node:fs";
import type { Stats } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { HandbackError } from "../../../core/errors/errors.ts";
import { flushDirectory } from "./flush-directory.ts";
import { corruptStore } from "./sqlite-failure.ts";

/** Marks a SQLite file as a store of ours ("HDBK"), in the file's header. */
export const APPLICATION_ID = 0x4844424b;

/** Version of the tables that this release reads and writes, in the file's header. */
export const FORMAT_VERSION = 1;

/** Where SQLite's file format keeps what we look at: big-endian 32-bit numbers in the first 100 bytes. */
const HEADER = { bytes: 100, magic: "SQLite format 3\0", version: 60, application: 68 };

/**
 * Finds the one path of the store that `path` names, symbolic links resolved, and makes its directory (mode 0700) if it is missing.
 * The file itself may be missing; otherwise it must be a plain file with one name, as SQLite's log goes by the name.
 */
export function locateStore(path: string): string {
  const directory = dirname(resolve(path));
  makeDirectory(directory);
  const rowId = join(realpathSync(directory), basename(path));
  const file = lookAt(rowId) === undefined ? rowId : realpathSync(rowId);
  const found = lookAt(file);
  if (found !== undefined && !found.isFile())
    throw new Error(`it is ${found.isDirectory() ? "a directory" : "not a plain file"}`);
  if (found !== undefined && found.nlink > 1)
    throw new Error(`the file has ${found.nlink} names (hard links)`);
  return file;
}

/** Makes a directory and those above it. (Node's own `recursive` never returns where the system lets none be made, as in `/proc`.) */
function makeDirectory(path: string): void {
  if (lookAt(path) !== undefined) return;
  makeDirectory(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
    flushDirectory(dirname(path));
  } catch (error) {
    // Another process may have made it meanwhile.
    if (lookAt(path) === undefined) throw error;
  }
}

/** Tells whether the file is there, and checks by its header that we may open it. Changes no file. */
export function isThere(file: string): boolean {
  if (lookAt(file) === undefined) {
    checkForgotten(file);
    return false;
  }
  checkHeader(file, readHeader(file));
  return true;
}

/** Checks that there is no log of a file that is gone: it would be taken for that of the next one. */
function checkForgotten(file: string): void {
  const log = `${file}-wal`;
  if ((lookAt(log)?.size ?? 0) > 0)
    throw corruptStore(
      file,
      `it is gone, and its log ${log} is there; delete that too to begin anew`,
    );
}

function checkHeader(file: string, header: Buffer): void {
  if (header.length === 0)
    throw corruptStore(file, "it is empty; delete it, and what lies beside it, to begin anew");
  if (
    header.length < HEADER.bytes ||
    header.toString("latin1", 0, HEADER.magic.length) !== HEADER.magic
  ) {
    throw corruptStore(file, "it does not begin like a SQLite database");
  }
  if (header.readUInt32BE(HEADER.application) !== APPLICATION_ID)
    throw new Error("it is the database of another application");
  const version = header.readUInt32BE(HEADER.version);
  if (version > FORMAT_VERSION) {
    const message = `the store ${file} has format ${version}, and this release knows ${FORMAT_VERSION} at most`;
    throw new HandbackError("FORMAT_TOO_NEW", message, {
      details: { file, version, supported: FORMAT_VERSION },
    });
  }
}

/** Reads what there is of the header. Only under the store's lock: closing the file would drop SQLite's locks on it (POSIX). */
function readHeader(file: string): Buffer {
  const descriptor = openSync(file, "r");
  try {
    const header = Buffer.alloc(HEADER.bytes);
    return header.subarray(0, readSync(descriptor, header, 0, header.length, 0));
  } finally {
    closeSync(descriptor);
  }
}

function lookAt(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}
