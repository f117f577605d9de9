import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { command } from "./command.ts";

/** What is mounted by this process, in order. */
const mounted = new Set<string>();

/** Mounts something in a directory, which is made. It is unmounted by {@link unmount}, and at the latest when this process ends. */
export function mount(source: string, directory: string, ...options: readonly string[]): void {
  unmountAtExit();
  mkdirSync(directory, { recursive: true });
  // At once: what would be mounted a moment after this process has ended would stay so.
  execFileSync("mount", [...options, source, directory], { stdio: ["ignore", "ignore", "pipe"] });
  mounted.add(directory);
}

/** Unmounts what was mounted there, if it still is, and waits until all of it is written. */
export async function unmount(directory: string): Promise<void> {
  if (!mounted.has(directory)) return;
  await command("umount", directory);
  mounted.delete(directory);
}

let watching = false;

function unmountAtExit(): void {
  if (watching) return;
  watching = true;
  // Lazily: whatever still has a file open there keeps it, and the rest is gone at once.
  process.on("exit", () =>
    [...mounted].reverse().forEach((directory) => spawnSync("umount", ["--lazy", directory])),
  );
}
