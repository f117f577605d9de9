import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import * as fs from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Job } from "./job.ts";

/** An item of a folder. `path` is relative to the folder. */
export type Source = { readonly path: string; readonly kind: "file" | "symlink" | "directory" };

/** An item that was backed up. Files have a size and a digest, links a destination. */
export type Entry = Source & { bytes?: number; sha256?: string; to?: string };

/** An item that could not be backed up, and the reason. */
export type Problem = { readonly path: string; readonly problem: string };

export type Item = Source | Problem;

/** Lists a folder and all folders below, sorted by path. Does not follow symbolic links. */
export async function listFolder(folder: string): Promise<readonly Item[]> {
  const items: Item[] = [];
  const visit = async (directory: string): Promise<void> => {
    // Read names as bytes: as text, a name with invalid UTF-8 could equal that of another file.
    const options = { withFileTypes: true, encoding: "buffer" } as const;
    for (const found of await fs.readdir(join(folder, directory), options)) {
      const path = join(directory, found.name.toString());
      if (!isUtf8(found.name)) items.push({ path, problem: "its name is not valid UTF-8" });
      else if (found.isFile()) items.push({ path, kind: "file" });
      else if (found.isSymbolicLink()) items.push({ path, kind: "symlink" });
      else if (found.isDirectory()) {
        items.push({ path, kind: "directory" });
        await visit(path).catch((error: unknown) => items.push({ path, problem: reasonOf(error) }));
      } else items.push({ path, problem: "it is neither a file nor a folder nor a symbolic link" });
    }
  };
  await visit("");
  return items.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Removes items from the target that the folder does not have, and makes its directories. */
export async function prepareTarget(target: string, items: readonly Item[]): Promise<void> {
  await fs.mkdir(target, { recursive: true });
  const sources = items.filter((item) => "kind" in item);
  const kinds = new Map(sources.map(({ path, kind }) => [path, kind]));
  // Keep earlier copies of items that cannot be read now.
  const isUnread = (path: string): boolean =>
    items.some((item) => "problem" in item && `${path}/`.startsWith(`${item.path}/`));
  for (const old of await listFolder(target)) {
    if ("problem" in old || kinds.get(old.path) === old.kind) continue;
    if (!kinds.has(old.path) && isUnread(old.path)) continue;
    await fs.rm(join(target, old.path), { recursive: true, force: true });
  }
  for (const { path, kind } of sources)
    if (kind === "directory") await fs.mkdir(join(target, path), { recursive: true });
}

/**
 * Copies a file with its permissions and times, or a symbolic link.
 *
 * The copy appears as a whole or not at all: it is written under a name made of `key`, then
 * renamed. A run with the same key after a crash starts again and leaves nothing behind.
 */
export async function copySource(
  { folder, target }: Job,
  source: Source,
  key: string,
): Promise<Entry | Problem> {
  const [from, to] = [join(folder, source.path), join(target, source.path)];
  const part = join(dirname(to), `.${key}.part`);
  try {
    await fs.rm(part, { force: true });
    const isFile = source.kind === "file";
    const entry = isFile ? await copyFile(from, part) : { to: await fs.readlink(from) };
    if ("to" in entry) await fs.symlink(entry.to, part);
    await fs.rename(part, to);
    return { ...source, ...entry };
  } catch (error) {
    await fs.rm(part, { force: true }).catch(() => undefined);
    return { path: source.path, problem: reasonOf(error) };
  }
}

/** Copies a file, flushes the copy, and compares it with the original. */
async function copyFile(from: string, to: string): Promise<{ bytes: number; sha256: string }> {
  const { mode, atime, mtime, size: bytes } = await fs.lstat(from);
  await fs.copyFile(from, to);
  await fs.chmod(to, mode & 0o777);
  await fs.utimes(to, atime, mtime);
  const file = await fs.open(to);
  await file.sync();
  await file.close();
  const sha256 = await hashFile(from);
  if (sha256 !== (await hashFile(to))) throw new Error("its copy differs");
  return { bytes, sha256 };
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
