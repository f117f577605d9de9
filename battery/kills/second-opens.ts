import { execFile } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import type { Ledger } from "../ledger/ledger.ts";
import { NODE_OPTIONS } from "../process/node-options.ts";
import type { Orders } from "../ledger/orders.ts";
import type { App } from "../process/start-app.ts";

const INTRUDER = join(import.meta.dirname, "../app/intruder.ts");

/** Names for the same store: its path, and symbolic links to it. */
export function otherNames(path: string): Orders["intrusions"] {
  const links = `${dirname(path)} links`;
  mkdirSync(links);
  const [file, folder] = [join(links, "file.db"), join(links, "folder")];
  symlinkSync(path, file);
  symlinkSync(dirname(path), folder);
  return [
    { how: "by its path", path },
    { how: "by a link to it", path: file },
    { how: "by a link to its folder", path: join(folder, basename(path)) },
  ];
}

/**
 * Lets other processes try to open the open store of an app, which also tries by itself. Returns
 * the attempts that succeeded.
 */
export async function tryToOpen(
  app: App,
  ledger: Ledger,
  names: Orders["intrusions"],
): Promise<{ readonly tries: number; readonly gotIn: readonly string[] }> {
  const others = names.map(async ({ how, path }) => ({
    how: `another process, ${how}`,
    code: await codeOfIntruder(path),
  }));
  const own = (): readonly Attempt[] =>
    ledger.entries.flatMap((entry) =>
      entry.life === app.life && entry.what === "intruder" ? [entry] : [],
    );
  const isDone = (): boolean => own().length === ownTries(names);
  const done = isDone() ? undefined : ledger.when(({ what }) => what === "intruder" && isDone());
  const outcomes: readonly Attempt[] = await Promise.all(others);
  await Promise.race([done, app.ended]);
  const all = [...outcomes, ...own()];
  return {
    tries: all.length,
    gotIn: all
      .filter(({ code }) => code !== "STORE_LOCKED")
      .map(({ how, code }) => `${how}: ${code}`),
  };
}

/** The result of an attempt: the error code, or `open`. */
interface Attempt {
  readonly how: string;
  readonly code: string;
}

/**
 * Counts the attempts of an app: each name in its process and in a thread, and its own store once
 * more.
 */
function ownTries(names: Orders["intrusions"]): number {
  return 2 * names.length + 1;
}

async function codeOfIntruder(path: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [...NODE_OPTIONS, INTRUDER, path]);
  return stdout.trim();
}
