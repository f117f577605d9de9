import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const made = new Set<string>();

/** Makes a directory for databases. It is gone when it is removed, and at the latest when the process ends. */
export function makeScratch(): { readonly path: string; remove(): void } {
  removeAtExit();
  const path = mkdtempSync(join(tmpdir(), "handback-bench-"));
  made.add(path);
  return { path, remove: () => remove(path) };
}

function remove(path: string): void {
  rmSync(path, { recursive: true, force: true });
  made.delete(path);
}

let watching = false;

function removeAtExit(): void {
  if (watching) return;
  watching = true;
  process.on("exit", () => {
    for (const path of made) remove(path);
  });
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => process.exit(130));
}
