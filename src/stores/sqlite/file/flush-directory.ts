import { closeSync, fsyncSync, openSync } from "node:fs";

/**
 * Flushes the names in a directory to the disk. Does nothing on Windows, where a directory cannot
 * be opened and the system flushes names itself.
 */
export function flushDirectory(path: string): void {
  if (process.platform === "win32") return;
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
