import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { Ledger } from "../../ledger/ledger.ts";
import { startApp } from "../../process/start-app.ts";
import type { Trial } from "../../trial/trial.ts";
import { missingTools } from "../missing-tools.ts";
import { lying } from "../strace.ts";
import { cutPower, verifyRemains } from "./power-cut.ts";
import { PoweredDisk } from "./powered-disk.ts";

const MOST_CUTS = 5;
const WAIT_MS = 500;

/** Tests the power cuts themselves: on a disk that ignores flushes they must find a loss. */
export const lyingDisk: Trial = {
  name: "liar",
  about: "a disk that lies about flushes must be found out",
  rows: [
    { count: "lyingDisks", label: "lying disks, found out" },
    { count: "lyingDiskCuts", label: "power cuts that it took" },
  ],
  missing: () => Promise.resolve(missingTools("file systems", "strace")),
  async run({ seed, folder, tally }) {
    const disk = await PoweredDisk.make(folder);
    const ledger = new Ledger({ seed, file: join(folder, "ledger.jsonl") });
    const acknowledged = ledger.when(({ what }) => what === "ack");
    const app = startApp({ path: join(disk.at, "store.db"), ledger, wrap: lying() });
    try {
      await acknowledged;
      for (let cut = 1; cut <= MOST_CUTS; cut++) {
        await setTimeout(WAIT_MS);
        const { violations } = await verifyRemains(
          await cutPower(disk, ledger, { folder, name: `cut-${cut}` }),
          "store.db",
        );
        tally.add("lyingDiskCuts");
        if (violations.some(({ what }) => what === "lost")) return tally.add("lyingDisks");
      }
      tally.fail(
        `a disk that flushes nothing was not found out by ${MOST_CUTS} power cuts: they prove nothing`,
      );
    } finally {
      app.kill("SIGKILL");
      await app.ended;
      await disk.remove();
    }
  },
};
