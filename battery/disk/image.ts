import { command } from "./command.ts";

/** Options of a file system in a file. */
export interface ImageOptions {
  readonly megabytes: number;
  /**
   * A file system without a journal is faster, but does not survive a power cut. Default: with a
   * journal.
   */
  readonly journal?: boolean;
}

/**
 * Makes an empty ext4 in a file with all blocks allocated, so that it needs no more blocks of the
 * disk below.
 */
export async function makeImage(
  file: string,
  { megabytes, journal = true }: ImageOptions,
): Promise<void> {
  await command("fallocate", "-l", `${megabytes}MiB`, file);
  const features = journal ? ["-J", "size=4"] : ["-O", "^has_journal"];
  // Make all tables now. Otherwise the kernel makes them in the background after mounting.
  await command(
    "mkfs.ext4",
    "-q",
    "-F",
    "-m",
    "0",
    ...features,
    "-E",
    "lazy_itable_init=0,lazy_journal_init=0,nodiscard",
    file,
  );
}
