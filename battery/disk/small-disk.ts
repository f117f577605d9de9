import { open, rm } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { command } from "./command.ts";
import { makeImage } from "./image.ts";
import { mount, unmount } from "./mounts.ts";

/** A separate disk that can be filled, and made read-only. */
export class SmallDisk {
  /** Mount point of its files. */
  readonly at: string;
  readonly #image: string;

  private constructor(folder: string) {
    this.at = join(folder, "disk");
    this.#image = join(folder, "disk.img");
  }

  /** Makes an empty disk, with its own files in `folder`. */
  static async make(folder: string, megabytes = 160): Promise<SmallDisk> {
    const disk = new SmallDisk(folder);
    await makeImage(disk.#image, { megabytes });
    mount(disk.#image, disk.at, "-o", "loop,noatime");
    return disk;
  }

  /** Takes all free space. */
  async fill(): Promise<void> {
    const file = await open(this.#filler, "a");
    try {
      for (let bytes = 1 << 20; bytes >= 1;) bytes = (await fits(file, bytes)) ? bytes : bytes >> 1;
    } finally {
      await file.close();
    }
  }

  /** Frees all of it. */
  async clear(): Promise<void> {
    await rm(this.#filler, { force: true });
  }

  /** Makes the disk read-only at once, even with open files, as the system does after an error. */
  async abort(): Promise<void> {
    await command("mount", "-o", "remount,abort", this.at);
  }

  /** Mounts the disk again, read-only or writable. */
  async remount(mode: "ro" | "rw"): Promise<void> {
    await unmount(this.at);
    // The journal needs a writable mount to recover.
    mount(this.#image, this.at, "-o", "loop,noatime");
    if (mode === "ro") await command("mount", "-o", "remount,ro", this.at);
  }

  /** Unmounts and deletes the disk. */
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
