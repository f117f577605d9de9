import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  statSync,
} from "node:fs";
import { basename, dirname, join, relative, sep } from "node:path";
import { DemoError, reasonOf } from "./failure.ts";
import { naiveTwin } from "./job.ts";
import type { Job } from "./job.ts";

/** Checks where a backup is to come from and go to, and makes the target's parent. `store` is the engine's database. @throws DemoError */
export function checkPlaces(folder: string, target: string, store: string): Job {
  const job = { folder: realFolder(folder), target: realPlace(target) };
  for (const place of [job.target, naiveTwin(job).target]) checkApart(job.folder, place);
  const database = realPlace(store);
  if (isWithin(database, job.folder)) {
    throw new DemoError(
      `${show(folder)} holds the demo's own database, which changes all the time; keep that elsewhere with --store`,
    );
  }
  if (database === job.target || isWithin(database, job.target)) {
    throw new DemoError(
      `the demo's own database lies in the target ${show(job.target)}, where a backup would remove it`,
    );
  }
  checkWritable(job.target);
  return job;
}

/** Checks that there is nothing in a folder that a backup would remove. @throws DemoError */
export function checkEmpty(place: string): void {
  const names = readNames(place);
  if (names.length === 0) return;
  throw new DemoError(
    `${show(place)} is not empty, and holds no backup of that folder; choose another place with --to`,
  );
}

/** A path as people like to read it: relative to where they are, if it is below. */
export function show(path: string): string {
  const below = relative(process.cwd(), path);
  return below === "" || below.startsWith("..") ? path : below;
}

function realFolder(folder: string): string {
  try {
    if (!statSync(folder).isDirectory()) throw new DemoError(`${show(folder)} is not a folder`);
    accessSync(folder, constants.R_OK | constants.X_OK);
    return realpathSync(folder);
  } catch (error) {
    throw error instanceof DemoError
      ? error
      : new DemoError(`cannot read the folder ${show(folder)}: ${reasonOf(error)}`);
  }
}

/** The path without symbolic links, of what need not be there yet. */
function realPlace(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    const parent = dirname(path);
    if (parent === path) throw error;
    return join(realPlace(parent), basename(path));
  }
}

function checkApart(folder: string, place: string): void {
  if (place === folder) throw new DemoError(`the target is the folder itself, ${show(folder)}`);
  if (isWithin(place, folder))
    throw new DemoError(
      `the target ${show(place)} lies inside the folder, and would be backed up with it`,
    );
  if (isWithin(folder, place))
    throw new DemoError(
      `the folder lies inside the target ${show(place)}, where a backup would replace it`,
    );
}

function checkWritable(target: string): void {
  try {
    readNames(target);
    makeFolder(dirname(target));
    accessSync(existsSync(target) ? target : dirname(target), constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new DemoError(`cannot write to ${show(target)}: ${reasonOf(error)}`);
  }
}

/** One by one: with `recursive`, Node never returns where a file system refuses folders with ENOENT, as /proc does. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path);
}

function readNames(place: string): readonly string[] {
  try {
    return readdirSync(place);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}

function isWithin(path: string, folder: string): boolean {
  return path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}
