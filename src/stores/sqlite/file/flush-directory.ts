import { closeSync, fsyncSync, openSync } from "node:fs";

/**
 * Flushes the names in a directory to the disk. Does nothing on Windows, where a directory cannot
 * be opened and the system flushes names itself.
 */
export function flushDirectory(path: string): void {
  if (process.platform !== "win32") flush(path, "r");
}

/** Flushes the content of a file to the disk. */
export function flushFile(path: string): void {
  flush(path, "r+");
}

function flush(path: string, flags: string): void {
  const descriptor = openSync(path, flags);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
