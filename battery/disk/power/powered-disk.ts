import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { command } from "../command.ts";
import { makeImage } from "../image.ts";
import { mount, unmount } from "../mounts.ts";

/**
 * A disk whose power can be cut: an ext4 in an image file, mounted through a loop device.
 *
 * After a power cut a disk holds the data that the kernel had sent to it. So a copy of the image
 * equals the remains of a cut, if
 *
 * - PD1: it holds all flushed data. A loop device writes through the file's cache, and a copy reads from that cache. Data that the file system has sent is there at once, and `fsync` returns later. Direct I/O of the device is not needed.
 * - PD2: it holds no data that was not sent. Data that is written but not flushed is in the cache of the inner file system. So do not freeze or sync that one for the copy, and do not stop the app: it would finish its `fsync` first, and no cut would hit one.
 * - PD3: it shows one moment. A copy takes a while, and the app, the journal and the cache keep writing. Freezing stops all writes, but of *another* file system: the image lies in an ext4 of its own. While that one is frozen, the loop device's next write waits. So each write is in the copy or not, and none is in it without all earlier ones.
 *
 * Data in the cache of a real disk is lost in a cut, but is in the copy. This is safe because the
 * file system flushes that cache when it must.
 */
export class PoweredDisk {
  /** Mount point of its files. */
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

  /** Makes an empty disk, with its own files in `folder`. */
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

  /** Copies the remains of a power cut at a moment between the call and the return. */
  async copy(file: string): Promise<void> {
    // Use one program, so that the file system thaws even if this process dies.
    const script =
      'fsfreeze -f "$1" || exit; cp --sparse=always "$2" "$3"; copied=$?; fsfreeze -u "$1"; exit $copied';
    await command("sh", "-c", script, "sh", this.#beneath, this.#image, file);
  }

  /**
   * Replaces the disk with such a copy, as when the power returns. Nothing may use the disk
   * meanwhile.
   */
  async restore(file: string): Promise<void> {
    await unmount(this.at);
    // Make it beside the image, then rename it: the image keeps all its blocks.
    await command("cp", "--sparse=never", file, `${this.#image}-next`);
    await rename(`${this.#image}-next`, this.#image);
    this.#mount();
  }

  /** Unmounts and deletes everything. */
  async remove(): Promise<void> {
    await unmount(this.at);
    await unmount(this.#beneath);
    await rm(this.#imageBeneath);
  }

  #mount(): void {
    mount(this.#image, this.at, "-o", "loop,noatime");
  }
}

/** Mounts a copy of a disk while it is inspected. The file system recovers as after a power cut. */
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
