import { spawnSync } from "node:child_process";
import { missingStrace } from "./strace.ts";

/** Tools that some trials need. */
export type Need = "file systems" | "strace";

/** Describes the tools that this machine is missing, if any. */
export function missingTools(...needs: readonly Need[]): string | undefined {
  const lacks = needs.map((need) => (need === "strace" ? missingStrace() : missingFileSystems()));
  return lacks.filter((missing) => missing !== undefined).join(", ") || undefined;
}

/** Checks that file systems can be made, mounted and frozen. */
function missingFileSystems(): string | undefined {
  if (process.getuid?.() !== 0) return "needs root";
  const missing = ["mkfs.ext4", "mount", "umount", "fallocate", "fsfreeze"].filter(isMissing);
  if (missing.length > 0) return `needs ${missing.join(", ")}`;
  return spawnSync("losetup", ["--find"], { stdio: "ignore" }).status === 0
    ? undefined
    : "needs loop devices";
}

function isMissing(program: string): boolean {
  return spawnSync(program, ["--version"], { stdio: "ignore" }).error !== undefined;
}
