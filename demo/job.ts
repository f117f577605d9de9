/** A folder to back up, and where to; both absolute, and resolved of symbolic links. */
export type Job = { readonly folder: string; readonly target: string };

/** Names the files that belong to a backup. They lie beside it, so that the target holds the folder's content and nothing else. */
export function filesOf({ target }: Job): {
  readonly manifest: string;
  readonly copiesLog: string;
} {
  return { manifest: `${target}.manifest.json`, copiesLog: `${target}.copies.log` };
}

/** The same backup for the naive version: beside the other one, on the same disk, and removed when it is done. */
export function naiveTwin({ folder, target }: Job): Job {
  return { folder, target: `${target}.naive` };
}
