import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { chmod, lstat, readlink, rename, rm, symlink, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { reasonOf } from "./failure.ts";
import type { Job } from "./job.ts";
import type { Source } from "./listing.ts";
import type { Entry, Problem } from "./manifest.ts";

/**
 * Copies a file (with its permissions and times) or a symbolic link, and says what was copied, or why it could not be.
 *
 * The copy appears whole or not at all: it is written beside its place under a name made of `key`, then renamed. With the
 * same key after a crash, it begins again and leaves nothing behind.
 */
export async function copySource(
  job: Job,
  { path, kind }: Source,
  key: string,
): Promise<Entry | Problem> {
  const from = join(job.folder, path);
  const to = join(job.target, path);
  const part = join(dirname(to), `.${key}.part`);
  try {
    await rm(part, { force: true });
    const entry: Entry =
      kind === "file"
        ? { path, kind, ...(await copyFile(from, part)) }
        : { path, kind, to: await copyLink(from, part) };
    await rename(part, to);
    return entry;
  } catch (error) {
    await rm(part, { force: true }).catch(() => undefined);
    return { path, problem: reasonOf(error) };
  }
}

async function copyFile(from: string, to: string): Promise<{ bytes: number; sha256: string }> {
  const before = await lstat(from);
  if (!before.isFile()) throw new Error("it is no longer a file");
  const hash = createHash("sha256");
  let bytes = 0;
  const measure = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      hash.update(chunk);
      bytes += chunk.length;
      yield chunk;
    }
  };
  // `flush`: the flow's record of this copy is on the disk when it counts, so the copy must be, too.
  await pipeline(createReadStream(from), measure, createWriteStream(to, { flush: true }));
  const after = await lstat(from);
  if (after.size !== before.size || after.mtimeMs !== before.mtimeMs)
    throw new Error("it changed while it was copied");
  await chmod(to, before.mode & 0o777);
  await utimes(to, before.atime, before.mtime);
  return { bytes, sha256: hash.digest("hex") };
}

async function copyLink(from: string, to: string): Promise<string> {
  const destination = await readlink(from);
  await symlink(destination, to);
  return destination;
}
