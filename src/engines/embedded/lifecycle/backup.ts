import { HandbackError } from "../../../core/errors/errors.ts";
import { show } from "../../../core/errors/show.ts";
import { flag, readOptions, withDefault } from "../../../core/validation/options.ts";
import type { OptionTable } from "../../../core/validation/options.ts";
import type { Store } from "../../../stores/store.ts";
import type { Lifecycle } from "./lifecycle.ts";

/** Options of `engine.backup`. */
export interface BackupOptions {
  /** Whether an existing file is replaced, once the backup is complete. Default: `false`. */
  readonly overwrite?: boolean;
}

const OPTIONS = { overwrite: withDefault(false, flag()) } satisfies OptionTable<BackupOptions>;

/** Collaborators of {@link backUp}. */
export interface BackupParts {
  readonly lifecycle: Lifecycle;
  readonly store: Store;
}

/** Writes a copy of an engine's store. */
export async function backUp(
  { lifecycle, store }: BackupParts,
  path: string,
  options: BackupOptions = {},
): Promise<void> {
  const { overwrite } = readOptions("backup()", OPTIONS, options);
  if (typeof path !== "string" || path === "" || path.includes("\0"))
    throw new HandbackError("INVALID_OPTIONS", `backup(): expected a path, got ${show(path)}`);
  lifecycle.requireNotStopped();
  if (store.backup === undefined)
    throw new HandbackError("UNSUPPORTED", "this store has no backup, because it is in memory");
  await store.backup(path, overwrite);
}
