import { text } from "node:stream/consumers";
import type { Terminal } from "./terminal.ts";

/** Returns the terminal of this process. */
export function processTerminal(): Terminal {
  const { stdout, stderr, stdin, env } = process;
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const)
    process.once(name, () => {
      stop.abort();
    });
  // `handback ls | head` closes the pipe early. That is no error of the command.
  for (const stream of [stdout, stderr])
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
      stop.abort();
    });
  return {
    hasColor: usesColor(stdout.isTTY, env),
    environment: env,
    stopped: stop.signal,
    print: (line) => void stdout.write(`${line}\n`),
    note: (line) => void stderr.write(`${line}\n`),
    readInput: () => text(stdin),
  };
}

/** Decides on colors. `NO_COLOR` and `FORCE_COLOR` are conventions of many programs. */
export function usesColor(
  isTty: boolean | undefined,
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  if ((env["NO_COLOR"] ?? "") !== "") return false;
  const forced = env["FORCE_COLOR"] ?? "";
  if (forced !== "") return forced !== "0";
  return isTty === true && env["TERM"] !== "dumb";
}
