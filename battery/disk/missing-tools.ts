import { spawnSync } from "node:child_process";
import { missingStrace } from "./strace.ts";

/** What some trials need of the machine. */
export type Need = "file systems" | "strace";

/** Says in a few words what this machine lacks of it, if anything. */
export function missingTools(...needs: readonly Need[]): string | undefined {
  const lacks = needs.map((need) => (need === "strace" ? missingStrace() : missingFileSystems()));
  return lacks.filter((missing) => missing !== undefined).join(", ") || undefined;
}

/** File systems of our own: to make, mount and freeze one. */
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
