import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { lstat, readlink } from "node:fs/promises";
import { join } from "node:path";
import { reasonOf } from "./failure.ts";
import type { Job } from "./job.ts";
import type { Entry, Problem } from "./manifest.ts";

/** Compares a copy, as it is on the disk, with its entry in the manifest: what is wrong, or nothing. Files are hashed again. */
export async function verifyCopy({ target }: Job, entry: Entry): Promise<Problem | undefined> {
  const flaw = await findFlaw(join(target, entry.path), entry).catch(
    (error: unknown) => `its copy cannot be read: ${reasonOf(error)}`,
  );
  return flaw === undefined ? undefined : { path: entry.path, problem: flaw };
}

async function findFlaw(copy: string, entry: Entry): Promise<string | undefined> {
  const found = await lstat(copy);
  switch (entry.kind) {
    case "file":
      if (!found.isFile()) return "its copy is not a file";
      return found.size === entry.bytes && (await hashFile(copy)) === entry.sha256
        ? undefined
        : "its copy has other content";
    case "symlink":
      return found.isSymbolicLink() && (await readlink(copy)) === entry.to
        ? undefined
        : "its copy leads elsewhere";
    case "directory":
      return found.isDirectory() ? undefined : "its copy is not a folder";
  }
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) hash.update(chunk);
  return hash.digest("hex");
}
