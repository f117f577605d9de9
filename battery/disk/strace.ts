/**
 * Commands that run a program while its system calls are tampered with, by strace. Each gives the words to put before the program:
 * `spawn(word, [...words, process.execPath, script])`. strace ends as the program ends: with its code, or by the same signal.
 */
import { spawnSync } from "node:child_process";

/** System calls by which a store is read and written; a `flush` is `fsync` or `fdatasync`: SQLite uses either. */
export type SystemCall = "openat" | "pread64" | "pwrite64" | "flush" | "ftruncate" | "unlink";

/** Which calls are meant: those of a kind, on one of these files (any if there are none), by their numbers. */
export interface Calls {
  readonly call: SystemCall;
  readonly files?: readonly string[];
  /** From 1, counted for each thread and system call apart; `last` may be infinite. Default: all. */
  readonly first?: number;
  readonly last?: number;
  /** Where to write each of these calls, with its outcome; default: nowhere. */
  readonly log?: string;
}

/** Stops the program at these calls alone, so that the rest of it runs at its own speed. */
const QUICKLY = ["--seccomp-bpf"];

/** Kills the program as it makes the call: what came before it has happened, the call itself has not. */
export function killedAt(
  calls: Omit<Calls, "last"> & { readonly first: number },
): readonly string[] {
  // Not quickly: at the stops that are left then, a signal cannot be sent, and is lost.
  return strace({ ...calls, last: calls.first }, "signal=SIGKILL");
}

/** Lets calls fail without being made. */
export function failing(
  calls: Calls,
  error: "EIO" | "ENOSPC" | "EMFILE" | "EROFS",
): readonly string[] {
  return [...strace(calls, `error=${error}`), ...QUICKLY];
}

/** A disk that lies: whatever is to be flushed is said to have been, and is not. */
export function lying(): readonly string[] {
  return [...strace({ call: "flush" }, "retval=0"), ...QUICKLY];
}

/** A slow disk: each flush takes so much longer. The other threads go on meanwhile. */
export function slowed(delayMs: number): readonly string[] {
  return [...strace({ call: "flush" }, `delay_exit=${Math.round(delayMs * 1000)}`), ...QUICKLY];
}

/** Says why programs cannot be run under strace here, if that is so. */
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
