import { isUtf8 } from "node:buffer";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { reasonOf } from "./failure.ts";
import type { Job } from "./job.ts";
import type { Problem } from "./manifest.ts";

/** Something to copy; `path` is relative to the folder. */
export type Source = { readonly path: string; readonly kind: "file" | "symlink" };

/** What is in a folder, by path. */
export type Listing = {
  readonly sources: readonly Source[];
  readonly directories: readonly string[];
  /** What is there and cannot be backed up. */
  readonly problems: readonly Problem[];
};

/** Lists all that is in a folder and below, following no symbolic links. Rejects only if the folder itself cannot be read. */
export async function listFolder(folder: string): Promise<Listing> {
  const sources: Source[] = [];
  const directories: string[] = [];
  const problems: Problem[] = [];
  const visit = async (directory: string): Promise<void> => {
    // As bytes: a name that is no text would be read as that of another file.
    for (const found of await readdir(join(folder, directory), {
      withFileTypes: true,
      encoding: "buffer",
    })) {
      const path = join(directory, found.name.toString());
      if (!isUtf8(found.name)) problems.push({ path, problem: "its name is not valid UTF-8" });
      else if (found.isFile()) sources.push({ path, kind: "file" });
      else if (found.isSymbolicLink()) sources.push({ path, kind: "symlink" });
      else if (found.isDirectory()) {
        directories.push(path);
        await visit(path).catch((error: unknown) =>
          problems.push({ path, problem: reasonOf(error) }),
        );
      } else
        problems.push({ path, problem: "it is neither a file nor a folder nor a symbolic link" });
    }
  };
  await visit("");
  const byPath = (a: { path: string }, b: { path: string }): number => (a.path < b.path ? -1 : 1);
  return {
    sources: sources.sort(byPath),
    directories: directories.sort(),
    problems: problems.sort(byPath),
  };
}

/** Makes the target ready: what the folder does not have (any more) is removed, and its directories are made. */
export async function prepareTarget(
  job: Job,
  { sources, directories, problems }: Listing,
): Promise<void> {
  await mkdir(job.target, { recursive: true });
  const wanted = new Map<string, string>([
    ...sources.map(({ path, kind }) => [path, kind] as const),
    ...directories.map((path) => [path, "directory"] as const),
  ]);
  // What is not listed because it cannot be read may have been backed up before: that stays.
  const mayBeThere = (path: string): boolean =>
    problems.some((problem) => path === problem.path || path.startsWith(`${problem.path}/`));
  const earlier = await listFolder(job.target);
  const present = [
    ...earlier.sources,
    ...earlier.directories.map((path) => ({ path, kind: "directory" })),
  ];
  for (const { path, kind } of present) {
    const isStale = wanted.has(path) ? wanted.get(path) !== kind : !mayBeThere(path);
    if (isStale) await rm(join(job.target, path), { recursive: true, force: true });
  }
  for (const path of directories) await mkdir(join(job.target, path), { recursive: true });
}
