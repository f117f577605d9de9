import { spawn } from "node:child_process";
import type { ChildProcess, ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Entry, Mode } from "../ledger/entry.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { unfinishedBusiness } from "../ledger/orders.ts";
import type { LaterOrder, Orders } from "../ledger/orders.ts";
import type { Poisoning } from "../ledger/poison-plan.ts";
import { COMPILE_CACHE, NODE_OPTIONS } from "./node-options.ts";

/** Options of an app. */
export interface AppOptions {
  /** Path of the store. */
  readonly path: string;
  /** The ledger that hears it. The app continues its operations. */
  readonly ledger: Ledger;
  /**
   * `work` (the default) until it is ended, or `verify`: finish open work, report all states, and
   * end.
   */
  readonly mode?: Mode;
  /** Operations begun per second; default 300. */
  readonly rate?: number;
  /** Maximum number of open operations; default 150. */
  readonly most?: number;
  /** Ways to try to open the store a second time; default none. */
  readonly intrusions?: Orders["intrusions"];
  /**
   * Deviation of its clock from the machine's, in ms. By default it uses the machine's clock, which
   * cannot be set.
   */
  readonly aheadMs?: number;
  /** Poison to send; default none. */
  readonly poisoning?: Poisoning;
  /** Time without news after which a verification gives up; default 15,000 ms. */
  readonly quietMs?: number;
  /** A command to run it under, such as `strace`, with its arguments. */
  readonly wrap?: readonly string[];
  /** More environment variables. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A process that works on a store. */
export interface App {
  /** Its number in the ledger. */
  readonly life: number;
  /** Resolves to `open`, to the error code if the store could not be opened, or to `ended`. */
  readonly opened: Promise<string>;
  /**
   * Sends a signal to the app itself. Before its process id is known, sends it to the wrapper as
   * well.
   */
  readonly kill: (signal: "SIGKILL" | "SIGTERM" | "SIGSTOP" | "SIGCONT") => void;
  /** Sets the deviation of its clock from the machine's. */
  readonly setClock: (aheadMs: number) => void;
  /** Lets it commit a theft (`theft/thefts.ts`), by its description. */
  readonly commitTheft: (theft: string) => void;
  /** Resolves when it has ended and all its output was read. */
  readonly ended: Promise<Ended>;
}

/** The end of a process. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Error output of the process or its wrapper. */
  readonly complaints: string;
}

const MOST_COMPLAINTS = 10_000;
const MAIN = join(import.meta.dirname, "../app/main.ts");
const running = new Set<ChildProcess>();

// Kill all apps when the driver ends for any reason.
process.once("exit", () => running.forEach((child) => killGroup(child, "SIGKILL")));

/** Starts a process that works on a store and reports to the ledger. */
export function startApp(options: AppOptions): App {
  const { ledger, wrap = [], env = {} } = options;
  const orders = ordersFor(options, ledger.nextLife());
  const { life, mode } = orders;
  const [command, ...args] = [...wrap, process.execPath, ...NODE_OPTIONS, MAIN];
  const over = new AbortController();
  const mine = (isSo: (entry: Entry) => boolean): Promise<Entry> =>
    ledger.when((entry) => entry.life === life && isSo(entry), over.signal);
  let self: number | undefined;
  void mine(({ what }) => what === "hello").then(
    (hello) => (self = hello.what === "hello" ? hello.pid : undefined),
  );
  const opened = mine(({ what }) => what === "open" || what === "shut").then((entry) =>
    entry.what === "shut" ? entry.code : "open",
  );
  ledger.note(life, { what: "start", mode });
  const child = spawn(command, args, {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, NODE_COMPILE_CACHE: COMPILE_CACHE, ...env },
    // Its own process group, so that the wrapper can be ended with it.
    detached: true,
  });
  running.add(child);
  const tell = (what: Orders | LaterOrder): unknown =>
    child.stdin.write(`${JSON.stringify(what)}\n`);
  child.stdin.on("error", () => undefined);
  tell(orders);
  const ended = untilEnd(child, { ledger, life }).finally(() => over.abort());
  return {
    life,
    opened: Promise.race([opened, ended.then(() => "ended")]),
    kill(signal) {
      if (self === undefined) killGroup(child, signal);
      else if (isRunning(child)) send(self, signal);
    },
    setClock: (aheadMs) => void tell({ aheadMs }),
    commitTheft: (theft) => void tell({ theft }),
    ended,
  };
}

function ordersFor(options: AppOptions, life: number): Orders {
  const { ledger, path, mode = "work", rate = 300, most = 150 } = options;
  const { intrusions = [], quietMs = 15_000, aheadMs, poisoning } = options;
  return {
    mode,
    life,
    seed: ledger.seed,
    path,
    rate,
    most,
    intrusions,
    quietMs,
    ...unfinishedBusiness(ledger.entries),
    ...(aheadMs !== undefined && { aheadMs }),
    ...(poisoning !== undefined && { poisoning }),
  };
}

async function untilEnd(
  child: ChildProcessWithoutNullStreams,
  { ledger, life }: { ledger: Ledger; life: number },
): Promise<Ended> {
  let complaints = "";
  child.stderr
    .setEncoding("utf8")
    .on("data", (text: string) => (complaints = (complaints + text).slice(-MOST_COMPLAINTS)));
  const heard = ledger.hear(life, child.stdout);
  const failure = once(child, "error");
  const end = await Promise.race([once(child, "close"), failure]);
  running.delete(child);
  if (end[0] instanceof Error) throw end[0];
  await heard;
  const [code, signal] = end as [number | null, NodeJS.Signals | null];
  ledger.note(life, { what: "end", code, signal });
  return { code, signal, complaints };
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid !== undefined && isRunning(child)) send(-child.pid, signal);
}

/** Sends a signal to a process or a group that may just have ended. */
function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
