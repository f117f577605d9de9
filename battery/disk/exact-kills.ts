import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { SeededRandom } from "../../src/testing/simulation/faults/seeded-random.ts";
import { Ledger } from "../ledger/ledger.ts";
import { verify } from "../checker/verify.ts";
import type { Trial } from "../trial/trial.ts";
import { missingTools } from "./missing-tools.ts";
import { killedAt } from "./strace.ts";
import type { SystemCall } from "./strace.ts";
import { workFor } from "./work-for.ts";

/** The system call of a store at which the process dies. */
interface Moment {
  readonly call: SystemCall;
  /** Endings of the store's files to match. */
  readonly of: readonly string[];
  /** Number of these calls in most runs. */
  readonly calls: number;
}

const ALL_FILES = ["", "-wal", "-shm", "-lock", "-pid"];

/** Half of the kills: a commit is being written, and is not yet flushed. */
const IN_COMMIT: readonly Moment[] = [
  { call: "flush", of: ["-wal"], calls: 150 },
  { call: "pwrite64", of: ["-wal"], calls: 1_000 },
];

const ELSEWHERE: readonly Moment[] = [
  // Creating the tables, and copying the log into the file.
  { call: "pwrite64", of: [""], calls: 60 },
  { call: "flush", of: [""], calls: 3 },
  // Closing: the log is truncated, then removed with its index.
  { call: "ftruncate", of: ALL_FILES, calls: 2 },
  { call: "unlink", of: ALL_FILES, calls: 3 },
  // Opening.
  { call: "openat", of: ALL_FILES, calls: 8 },
  { call: "pread64", of: ALL_FILES, calls: 20 },
];

const LONGEST_MS = 30_000;
const WORK_MS = 1_500;
const FRESH = 0.2;

/** Kills a process at a certain system call on its store, chosen by kind and number. */
export const exactKills: Trial = {
  name: "exact",
  about: "kill -9 at a chosen system call",
  share: 4,
  rows: [
    { count: "exactKills", label: "kills at a chosen system call" },
    { count: "exactKillsInCommit", label: "of them inside the commit window" },
    { count: "exactKillsVoid", label: "void: the call was never made" },
  ],
  missing: () => Promise.resolve(missingTools("strace")),
  async run({ seed, folder, until, tally }) {
    const random = new SeededRandom(seed);
    const end = Math.min(until, Date.now() + LONGEST_MS);
    for (let store = 1; Date.now() < end; store++) {
      const place = join(folder, `store-${store}`);
      await mkdir(place);
      const [path, ledger] = [
        join(place, "store.db"),
        new Ledger({ seed: seed + store, file: join(place, "ledger.jsonl") }),
      ];
      do {
        const inCommit = random.chance(0.5);
        const moments = inCommit ? IN_COMMIT : ELSEWHERE;
        const moment = moments[random.below(moments.length)] as Moment;
        const files = moment.of.map((ending) => `${path}${ending}`);
        const wrap = killedAt({ call: moment.call, files, first: 1 + random.below(moment.calls) });
        const { signal, code, hung, complaints } = await workFor(WORK_MS, {
          path,
          ledger,
          wrap,
          env: { UV_THREADPOOL_SIZE: "1" },
        });
        if (hung) tally.fail("a process did not close for a long time after it was asked to");
        else if (code !== null && code !== 0)
          tally.fail(
            `a process that was to be killed ended by itself, with code ${code}: ${complaints}`,
          );
        const died = !hung && signal === "SIGKILL";
        tally.add(died ? "exactKills" : "exactKillsVoid");
        if (died && inCommit) tally.add("exactKillsInCommit");
      } while (!random.chance(FRESH) && Date.now() < end);
      tally.judge(await verify({ path, ledger }));
    }
  },
};
