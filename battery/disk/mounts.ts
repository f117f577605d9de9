import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { command } from "./command.ts";

/** Directories mounted by this process, in order. */
const mounted = new Set<string>();

/**
 * Makes a directory and mounts a file system there. {@link unmount} removes it, or the end of this
 * process.
 */
export function mount(source: string, directory: string, ...options: readonly string[]): void {
  unmountAtExit();
  mkdirSync(directory, { recursive: true });
  // Synchronous: a mount that finishes after the end of this process would stay.
  execFileSync("mount", [...options, source, directory], { stdio: ["ignore", "ignore", "pipe"] });
  mounted.add(directory);
}

/** Unmounts a directory if it is still mounted, and waits until everything is written. */
export async function unmount(directory: string): Promise<void> {
  if (!mounted.has(directory)) return;
  await command("umount", directory);
  mounted.delete(directory);
}

let watching = false;

function unmountAtExit(): void {
  if (watching) return;
  watching = true;
  // Lazy: processes with open files keep them, and the rest is unmounted at once.
  process.on("exit", () =>
    [...mounted].reverse().forEach((directory) => spawnSync("umount", ["--lazy", directory])),
  );
}
