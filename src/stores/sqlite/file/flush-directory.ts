import { closeSync, fsyncSync, openSync } from "node:fs";

/** Has the names in a directory reach the disk. Not on Windows, where a directory cannot be opened, and names are flushed by the system. */
export function flushDirectory(path: string): void {
  if (process.platform === "win32") return;
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
