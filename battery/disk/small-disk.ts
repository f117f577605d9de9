import { open, rm } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { command } from "./command.ts";
import { makeImage } from "./image.ts";
import { mount, unmount } from "./mounts.ts";

/** A disk of its own that can be filled, and be made read-only. */
export class SmallDisk {
  /** Where its files are. */
  readonly at: string;
  readonly #image: string;

  private constructor(folder: string) {
    this.at = join(folder, "disk");
    this.#image = join(folder, "disk.img");
  }

  /** Makes an empty disk; it keeps what it needs in `folder`. */
  static async make(folder: string, megabytes = 160): Promise<SmallDisk> {
    const disk = new SmallDisk(folder);
    await makeImage(disk.#image, { megabytes });
    mount(disk.#image, disk.at, "-o", "loop,noatime");
    return disk;
  }

  /** Takes all the room that is left. */
  async fill(): Promise<void> {
    const file = await open(this.#filler, "a");
    try {
      for (let bytes = 1 << 20; bytes >= 1;) bytes = (await fits(file, bytes)) ? bytes : bytes >> 1;
    } finally {
      await file.close();
    }
  }

  /** Gives all of it back. */
  async clear(): Promise<void> {
    await rm(this.#filler, { force: true });
  }

  /** Makes it read-only at once, whoever has files open: what the system does when it has met an error. */
  async abort(): Promise<void> {
    await command("mount", "-o", "remount,abort", this.at);
  }

  /** Mounts it anew, for reading alone or for all. */
  async remount(mode: "ro" | "rw"): Promise<void> {
    await unmount(this.at);
    // To be writable first is what the journal needs to recover.
    mount(this.#image, this.at, "-o", "loop,noatime");
    if (mode === "ro") await command("mount", "-o", "remount,ro", this.at);
  }

  /** Unmounts it, and forgets it. */
  async remove(): Promise<void> {
    await unmount(this.at);
    await rm(this.#image);
  }

  get #filler(): string {
    return join(this.at, "filler");
  }
}

async function fits(file: FileHandle, bytes: number): Promise<boolean> {
  try {
    return (await file.write(new Uint8Array(bytes))).bytesWritten > 0;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOSPC") return false;
    throw error;
  }
}
