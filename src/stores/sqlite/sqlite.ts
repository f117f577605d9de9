import { resolve } from "node:path";
import { HandbackError } from "../../core/errors/errors.ts";
import { show } from "../../core/errors/show.ts";
import { durationMs, oneOf, readOptions, withDefault } from "../../core/validation/options.ts";
import type { OptionTable } from "../../core/validation/options.ts";
import type { Duration } from "../../core/validation/duration.ts";
import type { Store } from "../store.ts";
import type { Durability } from "./connection/durability.ts";
import { SqliteStore } from "./sqlite-store.ts";

/** Options of {@link sqlite}. */
export interface SqliteOptions {
  /**
   * The moment at which a commit counts. Default: `"strict"`.
   *
   * - `strict`: a commit has reached the disk when it resolves.
   * - `relaxed`: a commit has reached the operating system when it resolves, and starts to be
   *   flushed within a second. A crash of the process loses nothing. A power failure may lose the
   *   commits of the last second (and of the time that the disk takes), newest first; the store
   *   stays intact.
   */
  readonly durability?: Durability;
  /**
   * How long opening waits while another engine has the store open, before it rejects with
   * `STORE_LOCKED`. Default: 0. A process that replaces another one can so wait until that one has
   * closed its engine.
   */
  readonly lockTimeout?: Duration;
  /**
   * What to do with a store that was not closed and whose log (`-wal`) is missing or too old, so
   * that acknowledged work is missing. Default: `"refuse"`.
   *
   * - `refuse`: opening rejects with `STORE_INCOMPLETE`.
   * - `accept`: the engine logs a warning and goes on without the missing work.
   */
  readonly missingLog?: "refuse" | "accept";
}

const OPTIONS = {
  durability: withDefault("strict", oneOf("strict", "relaxed")),
  lockTimeout: withDefault(0, durationMs()),
  missingLog: withDefault("refuse", oneOf("refuse", "accept")),
} satisfies OptionTable<SqliteOptions>;

/**
 * Creates a store in one SQLite file, with Node's built-in `node:sqlite`. No file is touched before
 * an engine opens the store.
 *
 * A missing file is created (mode 0600), and so is its directory (mode 0700). Beside it lie
 * files whose names begin with its name, such as its log (`-wal`). To copy a store, use
 * `engine.backup`, never a copy of the file inside this process. The path must be on a local disk. Node 22 prints an
 * ExperimentalWarning for `node:sqlite`; `--no-warnings` stops it.
 *
 * @param path - the file, relative to the current directory at the time of this call
 * @throws `INVALID_OPTIONS` for an unknown option, or a path that cannot name a file
 *
 * @example
 * import { sqlite } from "handback";
 *
 * const store = sqlite("./data/handback.db");
 */
export function sqlite(path: string, options: SqliteOptions = {}): Store {
  const used = readOptions("sqlite()", OPTIONS, options);
  if (typeof path !== "string" || path === "" || path === ":memory:" || path.includes("\0")) {
    throw new HandbackError(
      "INVALID_OPTIONS",
      `sqlite(): expected the path of a file, got ${show(path)}; to use no file, use memory()`,
    );
  }
  return new SqliteStore(resolve(path), used);
}
