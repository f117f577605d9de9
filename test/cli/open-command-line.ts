import { join } from "node:path";
import { onTestFinished } from "vitest";
import { runCommandLine } from "../../src/cli/command-line.ts";
import { loadFunctions } from "../../src/cli/modules/load-functions.ts";
import { serveFunctions } from "../../src/cli/serving/serve-functions.ts";
import type { Serving } from "../../src/cli/serving/serve-functions.ts";
import { memory } from "../../src/stores/memory/memory.ts";
import { ROOT } from "../support/source.ts";

/** What a command printed, and its exit code. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** The module of the functions that tests serve. */
export const MODULE = join(ROOT, "test/cli/functions.ts");

/** Runs a command in this process, as a person without a terminal. */
export async function runCommand(
  args: readonly string[],
  {
    environment = {},
    input = "",
    stopped = new AbortController().signal,
  }: {
    readonly environment?: Readonly<Record<string, string>>;
    readonly input?: string;
    readonly stopped?: AbortSignal;
  } = {},
): Promise<Ran> {
  const out: string[] = [];
  const err: string[] = [];
  const terminal = {
    hasColor: false,
    environment,
    stopped,
    print: (text: string) => void out.push(text),
    note: (text: string) => void err.push(text),
    readInput: async () => input,
  };
  const code = await runCommandLine(args, { terminal, now: () => Date.now() });
  return { code, out: out.join("\n"), err: err.join("\n") };
}

/** Serves the functions for one test. Returns how to run commands against that server. */
export async function openCommandLine(
  token?: string,
): Promise<(...args: readonly string[]) => Promise<Ran>> {
  const serving = await openServing(token);
  return (...args) => runCommand(args, { environment: { HANDBACK_URL: serving.url } });
}

/** Serves the functions for one test. */
export async function openServing(token: string | undefined): Promise<Serving> {
  const serving = await serveFunctions(await loadFunctions(MODULE), {
    store: memory(),
    port: 0,
    host: "127.0.0.1",
    token,
    log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
  });
  onTestFinished(() => serving.close());
  return serving;
}

const ignore = (): void => undefined;
