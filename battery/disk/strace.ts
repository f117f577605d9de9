/**
 * Commands that run a program under strace, which changes its system calls. Each returns the words
 * to put before the program: `spawn(word, [...words, process.execPath, script])`. strace ends like
 * the program: with its code, or by the same signal.
 */
import { spawnSync } from "node:child_process";

/**
 * System calls that read and write a store. A `flush` is `fsync` or `fdatasync`, because SQLite
 * uses either.
 */
export type SystemCall = "openat" | "pread64" | "pwrite64" | "flush" | "ftruncate" | "unlink";

/** A selection of calls: a kind, the files (any if there are none), and their numbers. */
export interface Calls {
  readonly call: SystemCall;
  readonly files?: readonly string[];
  /**
   * Counts from 1, separately for each thread and system call. `last` may be infinite. Default:
   * all.
   */
  readonly first?: number;
  readonly last?: number;
  /** File for a line about each of these calls, with its result; default none. */
  readonly log?: string;
}

/** Stops the program at these calls only, so that the rest runs at full speed. */
const QUICKLY = ["--seccomp-bpf"];

/** Kills the program at the call. Earlier calls have happened, and this one has not. */
export function killedAt(
  calls: Omit<Calls, "last"> & { readonly first: number },
): readonly string[] {
  // Without --seccomp-bpf: at its stops, strace cannot send a signal.
  return strace({ ...calls, last: calls.first }, "signal=SIGKILL");
}

/** Makes calls fail without executing them. */
export function failing(
  calls: Calls,
  error: "EIO" | "ENOSPC" | "EMFILE" | "EROFS",
): readonly string[] {
  return [...strace(calls, `error=${error}`), ...QUICKLY];
}

/** A lying disk: reports each flush as done, and does nothing. */
export function lying(): readonly string[] {
  return [...strace({ call: "flush" }, "retval=0"), ...QUICKLY];
}

/** A slow disk: each flush takes longer by `delayMs`. Other threads continue. */
export function slowed(delayMs: number): readonly string[] {
  return [...strace({ call: "flush" }, `delay_exit=${Math.round(delayMs * 1000)}`), ...QUICKLY];
}

/** Returns the reason if programs cannot run under strace here. */
export function missingStrace(): string | undefined {
  const { error, status } = spawnSync(
    "strace",
    ["-f", "-qq", "-o", "/dev/null", ...QUICKLY, "true"],
    { stdio: "ignore" },
  );
  if (error !== undefined) return "needs strace";
  return status === 0 ? undefined : "needs the right to trace";
}

function strace(
  { call, files = [], first = 1, last = Infinity, log = "/dev/null" }: Calls,
  tampering: string,
): readonly string[] {
  const names = call === "flush" ? "fsync,fdatasync" : call;
  const when = last === first ? `${first}` : last === Infinity ? `${first}+` : `${first}..${last}`;
  const paths = files.flatMap((file) => ["-P", file]);
  return [
    "strace",
    "-f",
    "-qq",
    "-ttt",
    "-o",
    log,
    ...paths,
    "-e",
    `trace=${names}`,
    "-e",
    `inject=${names}:${tampering}:when=${when}`,
  ];
}
