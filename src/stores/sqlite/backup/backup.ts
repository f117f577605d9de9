import {
  closeSync,
  linkSync,
  lstatSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { HandbackError } from "../../../core/errors/errors.ts";
import { flushDirectory, flushFile } from "../file/flush-directory.ts";
import { isFileFailure, messageOf } from "../file/sqlite-failure.ts";
import { copyInThread } from "./copy-in-thread.ts";

/** A backup to write. */
export interface BackupRequest {
  /** The file of the store. */
  readonly file: string;
  /** The path of the backup, as the user gave it. */
  readonly path: string;
  /** Whether an existing backup is replaced. */
  readonly overwrite: boolean;
}

/** Names beside a store that would be applied to a backup with the name of the store. */
const LOGS = ["-wal", "-journal"];
const STORE_FILES = [...LOGS, "-shm", "-lock", "-pid", "-last", "-wal-link", "-new", "-wal-new"];

/**
 * Writes a backup: a copy of the store, with its log, as of one moment.
 *
 * - BU1: the backup is written under another name, flushed, and gets its own name when it is
 *   complete. A crash leaves no incomplete backup, only the file `<path>-partial`, which the next
 *   backup to the same path replaces.
 * - BU2: without `overwrite` an existing file stays as it is, even one that appears meanwhile.
 *
 * @throws `BACKUP_FAILED`
 */
export async function writeBackup({ file, path, overwrite }: BackupRequest): Promise<void> {
  let to = resolve(path);
  try {
    to = join(realpathSync(dirname(to)), basename(to));
    const partial = `${to}-partial`;
    checkTarget(file, to, overwrite);
    rmSync(partial, { force: true });
    closeSync(openSync(partial, "wx", 0o600));
    try {
      await copyInThread({ file, backupTo: partial });
      flushFile(partial);
      publish(partial, to, overwrite);
    } finally {
      rmSync(partial, { force: true });
    }
    flushDirectory(dirname(to));
  } catch (error) {
    const reason = isFileFailure(error, "EEXIST") ? "the file exists" : messageOf(error);
    throw new HandbackError("BACKUP_FAILED", `the backup ${to} was not written: ${reason}`, {
      details: { path: to },
      cause: error,
    });
  }
}

/** @throws if the path is no place for a backup */
function checkTarget(file: string, to: string, overwrite: boolean): void {
  const isOfStore = dirname(to) === dirname(file) && isNameOfStore(basename(to), basename(file));
  if (isOfStore) throw new Error("this is a file of the store itself");
  for (const end of LOGS) {
    if (statIfExists(to + end) !== undefined)
      throw new Error(`${to}${end} exists, and would be applied to the backup`);
  }
  const existing = statIfExists(to);
  if (existing === undefined) return;
  if (existing.ino === statIfExists(file)?.ino) throw new Error("this is the store itself");
  if (!overwrite) throw new Error("the file exists; to replace it, pass overwrite: true");
  if (!existing.isFile()) throw new Error("it is not a plain file");
}

/** Returns whether a file beside the store belongs to it. */
function isNameOfStore(name: string, store: string): boolean {
  return name === store || STORE_FILES.some((end) => name === store + end);
}

/** Gives a complete backup its name. */
function publish(partial: string, to: string, overwrite: boolean): void {
  if (overwrite) {
    renameSync(partial, to);
    return;
  }
  try {
    // Unlike a renaming, a hard link never replaces a file.
    linkSync(partial, to);
  } catch (error) {
    if (isFileFailure(error, "EEXIST")) throw error;
    // Some file systems have no hard links.
    if (statIfExists(to) !== undefined) throw new Error("the file exists", { cause: error });
    renameSync(partial, to);
  }
}

function statIfExists(path: string): ReturnType<typeof lstatSync> {
  return lstatSync(path, { throwIfNoEntry: false });
}
