import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Command, InvalidArgumentError } from "commander";

/** What the command line asks for; paths are absolute. */
export interface Arguments {
  readonly folder: string;
  readonly target: string;
  readonly store: string;
  readonly json: boolean;
  readonly withNaive: boolean;
  /** Handlers that may run at the same time. */
  readonly concurrency: number;
}

const CHECKOUT = fileURLToPath(new URL("..", import.meta.url));
const MAX_CONCURRENCY = 1024;

const DESCRIPTION = `\
Backs up a folder as a durable workflow: one function for each file, every copy
verified. Kill it at any moment and run it again: it goes on where it was.
Then does the same naively, with a handler that blocks, and compares the bills.`;

const FILES = `
<dir> becomes equal to the folder; what else an earlier backup left there is
removed. Beside it lie:
  <dir>.manifest.json  path, bytes and SHA-256 of each file
  <dir>.copies.log     a line for each time a file was copied
  <dir>.naive          the naive backup, removed when it is done`;

/** Reads the command line. Prints help and ends the process if asked to; wrong usage ends it with code 2. */
export function readArguments(argv: readonly string[]): Arguments {
  const program = new Command("npm run demo --")
    .description(DESCRIPTION)
    .argument("[folder]", "what to back up (default: the checkout's node_modules)", toPath)
    .option("--to <dir>", "where to (default: .handback/backup/<name>)", toPath)
    .option("--json", "print one JSON object, and nothing else")
    .option("--concurrency <n>", "handlers that may run at the same time", toConcurrency, 8)
    .option("--no-naive", "do not run the naive version for comparison")
    .option("--store <file>", "the engine's database (default: .handback/demo.db)", toPath)
    .addHelpText("after", FILES)
    .helpOption("-h, --help", "show this")
    .configureHelp({ helpWidth: 80 })
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2));
  program.parse(argv, { from: "user" });
  const { to, store, json, concurrency, naive } = program.opts<{
    to?: string;
    store?: string;
    json?: boolean;
    concurrency: number;
    naive: boolean;
  }>();
  const [folder = join(CHECKOUT, "node_modules")] = program.processedArgs as [string?];
  return {
    folder,
    target: to ?? join(CHECKOUT, ".handback", "backup", basename(folder)),
    store: store ?? join(CHECKOUT, ".handback", "demo.db"),
    json: json === true,
    // With one slot, the naive driver would keep it from its own steps.
    withNaive: naive && concurrency > 1,
    concurrency,
  };
}

/** Makes a path absolute; npm runs scripts in the checkout, wherever its user is. */
function toPath(path: string): string {
  if (path === "") throw new InvalidArgumentError("Expected a path.");
  const { npm_lifecycle_event: script, INIT_CWD: where } = process.env;
  return script === "demo" && where !== undefined ? resolve(where, path) : resolve(path);
}

function toConcurrency(text: string): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= 1 && number <= MAX_CONCURRENCY) return number;
  throw new InvalidArgumentError(`Expected a whole number from 1 to ${MAX_CONCURRENCY}.`);
}
