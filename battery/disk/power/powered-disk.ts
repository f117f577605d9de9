import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { command } from "../command.ts";
import { makeImage } from "../image.ts";
import { mount, unmount } from "../mounts.ts";

/**
 * A disk whose power can be cut: an ext4 in an image file, mounted by way of a loop device.
 *
 * After a power cut a disk holds what the kernel had sent to it. So a copy of the image is what a cut would have left, if
 *
 * - PD1: it holds all that was flushed. A loop device writes to its file by the file's cache, where a copy reads it: what the
 *   file system has sent is there as soon as that is done, and `fsync` returns later than that. Direct I/O of the device is not needed.
 * - PD2: it holds nothing that was not sent: what is written, but not flushed, is in the cache of the file system inside. So
 *   that one must not be frozen or synced for the copy. Nor is the app stopped: it would finish its `fsync` first, and no cut fell into one.
 * - PD3: it is of one moment. A copy takes a while, and writes go on: those of the app, of the journal, of the cache. Stopping all of
 *   them is what freezing is for, but of *another* file system: the image lies in an ext4 of its own, and when that one is frozen,
 *   the loop device's next write waits. Each of its writes is in the copy, or is not; none is that came after one which is not.
 *
 * What may be in a real disk's own cache, and is lost there, is in the copy: the file system flushes that cache when it must.
 */
export class PoweredDisk {
  /** Where its files are. */
  readonly at: string;
  readonly #folder: string;
  readonly #beneath: string;
  readonly #image: string;

  private constructor(folder: string) {
    this.at = join(folder, "disk");
    this.#folder = folder;
    this.#beneath = join(folder, "beneath");
    this.#image = join(this.#beneath, "disk.img");
  }

  /** Makes an empty disk; it keeps what it needs in `folder`. */
  static async make(folder: string, megabytes = 96): Promise<PoweredDisk> {
    const disk = new PoweredDisk(folder);
    await makeImage(disk.#imageBeneath, { megabytes: 2 * megabytes + 32, journal: false });
    mount(disk.#imageBeneath, disk.#beneath, "-o", "loop,noatime,lazytime,barrier=0");
    await makeImage(disk.#image, { megabytes });
    disk.#mount();
    return disk;
  }

  get #imageBeneath(): string {
    return join(this.#folder, "beneath.img");
  }

  /** Copies what would be there if the power were cut at a moment between the call and the return. */
  async copy(file: string): Promise<void> {
    // In one program: whatever becomes of this process, what was frozen thaws.
    const script =
      'fsfreeze -f "$1" || exit; cp --sparse=always "$2" "$3"; copied=$?; fsfreeze -u "$1"; exit $copied';
    await command("sh", "-c", script, "sh", this.#beneath, this.#image, file);
  }

  /** Puts such a copy in the disk's place, as when the power comes back. Nothing may use the disk meanwhile. */
  async restore(file: string): Promise<void> {
    await unmount(this.at);
    // Made beside it, then put in its place: the image keeps all its blocks.
    await command("cp", "--sparse=never", file, `${this.#image}-next`);
    await rename(`${this.#image}-next`, this.#image);
    this.#mount();
  }

  /** Unmounts it all, and forgets it. */
  async remove(): Promise<void> {
    await unmount(this.at);
    await unmount(this.#beneath);
    await rm(this.#imageBeneath);
  }

  #mount(): void {
    mount(this.#image, this.at, "-o", "loop,noatime");
  }
}

/** Mounts a copy of a disk, for as long as it is looked at: the file system recovers as it would after a power cut. */
export async function lookInto<Result>(
  copy: string,
  directory: string,
  look: () => Promise<Result>,
): Promise<Result> {
  mount(copy, directory, "-o", "loop,noatime");
  try {
    return await look();
  } finally {
    await unmount(directory);
  }
}
