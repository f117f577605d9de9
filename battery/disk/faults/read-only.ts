import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { Ledger } from "../../ledger/ledger.ts";
import { startApp } from "../../process/start-app.ts";
import { verify } from "../../checker/verify.ts";
import type { Trial } from "../../trial/trial.ts";
import { missingTools } from "../missing-tools.ts";
import { SmallDisk } from "../small-disk.ts";

const WORK_MS = 1_000;
const LIMIT_MS = 10_000;
const STOPPED = 3;

/**
 * The disk becomes read-only under a process, as after an error of the file system, and is
 * read-only when the store is opened again.
 */
export const readOnlyDisk: Trial = {
  name: "readonly",
  about: "a disk that becomes read-only",
  rows: [{ count: "readOnlyDisks", label: "disks that became read-only" }],
  missing: () => Promise.resolve(missingTools("file systems")),
  async run({ seed, folder, tally }) {
    const disk = await SmallDisk.make(folder);
    const [path, ledger] = [
      join(disk.at, "store.db"),
      new Ledger({ seed, file: join(folder, "ledger.jsonl") }),
    ];
    try {
      const app = startApp({ path, ledger });
      await app.opened;
      await setTimeout(WORK_MS);
      await disk.abort();
      tally.add("readOnlyDisks");
      const ended = await Promise.race([app.ended, setTimeout(LIMIT_MS)]);
      if (ended === undefined) app.kill("SIGKILL");
      if (ended?.code !== STOPPED)
        tally.fail(
          `the disk became read-only, and the process ended with ${ended?.code}, not because of it: ${ended?.complaints}`,
        );
      await app.ended;
      await disk.remount("ro");
      const before = await readFile(path);
      const second = startApp({ path, ledger });
      const opened = await second.opened;
      second.kill("SIGKILL");
      await second.ended;
      if (opened !== "STORE_OPEN_FAILED")
        tally.fail(
          `a store on a read-only disk: STORE_OPEN_FAILED was expected, and it was ${opened}`,
        );
      if (!before.equals(await readFile(path)))
        tally.fail("a store on a read-only disk was changed");
      await disk.remount("rw");
      tally.judge(await verify({ path, ledger }));
    } finally {
      await disk.remove();
    }
  },
};
