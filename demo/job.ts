import * as fs from "node:fs";
import { basename, dirname, join, sep } from "node:path";

/** A folder to back up, and its target. Both are absolute and without symbolic links. */
export type Job = { readonly folder: string; readonly target: string };

/** A mistake in the arguments, reported in one line. */
export class DemoError extends Error {}

/** Names the files that belong to a backup. They lie beside the target. */
export const filesOf = ({ target }: Job) => ({
  manifest: `${target}.manifest.json`,
  copiesLog: `${target}.copies.log`,
});

/** Checks the arguments before anything is written. @throws DemoError */
export function checkJob({ folder, target }: Job, store: string): Job {
  if (!fs.statSync(folder).isDirectory()) throw new DemoError(`${folder} is not a folder`);
  const job = { folder: fs.realpathSync(folder), target: realPlace(target) };
  const database = realPlace(store);
  for (const place of [job.target, database])
    if (isWithin(place, job.folder) || isWithin(job.folder, place))
      throw new DemoError(`${place} and the folder ${job.folder} must lie apart`);
  if (isWithin(database, job.target))
    throw new DemoError(`the database ${database} must lie outside of the target`);
  if (fs.existsSync(job.target)) fs.readdirSync(job.target);
  makeFolder(dirname(job.target));
  fs.accessSync(fs.existsSync(job.target) ? job.target : dirname(job.target), fs.constants.W_OK);
  return job;
}

/** Checks that a new backup removes no foreign files from its target. @throws DemoError */
export function checkTarget(job: Job): void {
  if (!fs.existsSync(job.target) || fs.readdirSync(job.target).length === 0) return;
  const { manifest } = filesOf(job);
  const text = fs.existsSync(manifest) ? fs.readFileSync(manifest, "utf8") : "";
  if (text.includes(`"folder": ${JSON.stringify(job.folder)}`)) return;
  throw new DemoError(`${job.target} is not empty, and holds no backup of ${job.folder}`);
}

/** Resolves symbolic links in a path that need not exist. */
function realPlace(path: string): string {
  try {
    return fs.realpathSync(path);
  } catch {
    return join(realPlace(dirname(path)), basename(path));
  }
}

/** One by one: in /proc, Node's `recursive` option never returns. */
function makeFolder(path: string): void {
  if (fs.existsSync(path)) return;
  makeFolder(dirname(path));
  fs.mkdirSync(path);
}

const isWithin = (path: string, folder: string): boolean => (path + sep).startsWith(folder + sep);
