import { open, rename } from "node:fs/promises";
import type { Job } from "./job.ts";
import type { Listing } from "./listing.ts";

/** One thing that was backed up; `path` is relative to the folder. */
export type Entry =
  | {
      readonly path: string;
      readonly kind: "file";
      readonly bytes: number;
      readonly sha256: string;
    }
  | { readonly path: string; readonly kind: "symlink"; readonly to: string }
  | { readonly path: string; readonly kind: "directory" };

/** One thing that was not, and why. */
export type Problem = { readonly path: string; readonly problem: string };

/** What a backup consists of. */
export type Manifest = {
  readonly folder: string;
  /** How many files, and how many bytes they have together. */
  readonly files: number;
  readonly bytes: number;
  readonly entries: readonly Entry[];
  readonly problems: readonly Problem[];
};

/** Makes the manifest of what was listed and what was copied, sorted by path. */
export function makeManifest(
  { folder }: Job,
  { directories, problems }: Listing,
  copies: readonly (Entry | Problem)[],
): Manifest {
  const copied = copies.filter((copy) => "kind" in copy);
  const entries = [
    ...copied,
    ...directories.map((path): Entry => ({ path, kind: "directory" })),
  ].sort((a, b) => (a.path < b.path ? -1 : 1));
  const files = copied.filter((entry) => entry.kind === "file");
  return {
    folder,
    files: files.length,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    entries,
    problems: [...problems, ...copies.filter((copy) => "problem" in copy)],
  };
}

/** Writes a manifest as JSON, one entry a line, whole or not at all. */
export async function writeManifest(
  path: string,
  { entries, problems, ...head }: Manifest,
): Promise<void> {
  const lines = (items: readonly object[]): string =>
    items.map((item) => `\n    ${JSON.stringify(item)}`).join(",");
  const text = `${JSON.stringify(head, null, 2).slice(0, -2)},\n  "entries": [${lines(entries)}\n  ],\n  "problems": [${lines(problems)}\n  ]\n}\n`;
  const file = await open(`${path}.part`, "w");
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.part`, path);
}
