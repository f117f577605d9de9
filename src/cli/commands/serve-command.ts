import { Argument, InvalidArgumentError } from "commander";
import type { Command } from "commander";
import { once } from "node:events";
import { messageOf } from "../../core/errors/thrown.ts";
import { memory } from "../../stores/memory/memory.ts";
import { sqlite } from "../../stores/sqlite/sqlite.ts";
import { CommandError } from "../failures/exit-codes.ts";
import { loadFunctions } from "../modules/load-functions.ts";
import type { LoadedFunction } from "../modules/load-functions.ts";
import { DEFAULT_PORT } from "../remote/flow-server.ts";
import { restartOnChange } from "../serving/restart-on-change.ts";
import type { ServeSettings, Serving } from "../serving/serve-functions.ts";
import type { Paint } from "../terminal/paint.ts";
import { safeText } from "../terminal/safe-text.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { paintOf } from "./command-context.ts";

interface ServeOptions {
  readonly port: number;
  readonly host: string;
  readonly store: string;
  readonly inMemory?: boolean;
  readonly token?: string;
  readonly dev?: boolean;
}

const LOOPBACK = ["127.0.0.1", "::1", "localhost"];
const PEERS = ["hono", "@hono/node-server"];

/** Adds the command `serve`. */
export function addServeCommand(program: Command, terminal: Terminal): void {
  program
    .command("serve")
    .description("run the functions of a module and serve them over HTTP")
    .addArgument(new Argument("<module>", "file whose default export is the list of functions"))
    .option("--port <number>", "port to listen on; 0 is any free one", readPort, DEFAULT_PORT)
    .option(
      "--host <address>",
      "network interface; another than loopback needs a token",
      "127.0.0.1",
    )
    .option("--store <file>", "SQLite file of the store, made if it is missing", "handback.db")
    .option("--in-memory", "keep nothing: a store in memory in place of a file")
    .option("--token <token>", "token that every request needs (default: HANDBACK_TOKEN)")
    .option("--dev", "start again when a file of the module changes")
    .action(async (module: string, options: ServeOptions) => {
      const token = options.token ?? (terminal.environment["HANDBACK_TOKEN"] || undefined);
      if (token === undefined && !LOOPBACK.includes(options.host))
        throw new CommandError(
          "usage",
          `--host ${options.host}: other machines could reach the server`,
          "set a token with HANDBACK_TOKEN or --token",
        );
      if (options.dev === true) {
        const args = process.argv.slice(2).filter((each) => each !== "--dev");
        process.exitCode = await restartOnChange(args, terminal.stopped);
        return;
      }
      const functions = await loadFunctions(module);
      const store = options.inMemory === true ? memory() : sqlite(options.store);
      const { port, host } = options;
      const serving = await beginServing(functions, { store, port, host, token });
      const place = options.inMemory === true ? "in memory" : `in ${safeText(options.store)}`;
      terminal.print(renderServing(serving.url, { functions, place }, paintOf(terminal)));
      if (!terminal.stopped.aborted) await once(terminal.stopped, "abort");
      terminal.note("closing");
      await serving.close();
    });
}

/** Loads what serves over HTTP, which needs packages that a program may lack. */
async function beginServing(
  functions: readonly LoadedFunction[],
  settings: ServeSettings,
): Promise<Serving> {
  try {
    const { serveFunctions } = await import("../serving/serve-functions.ts");
    return await serveFunctions(functions, settings);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ERR_MODULE_NOT_FOUND" && PEERS.some((peer) => messageOf(error).includes(peer)))
      throw new CommandError("usage", "serve needs two packages", `npm install ${PEERS.join(" ")}`);
    if (code === "EADDRINUSE")
      throw new CommandError(
        "unavailable",
        `port ${settings.port} is in use`,
        "choose another with --port, or any free one with --port 0",
      );
    throw error;
  }
}

/** Writes what is served, and where. */
function renderServing(
  url: string,
  { functions, place }: { readonly functions: readonly Named[]; readonly place: string },
  paint: Paint,
): string {
  const count = `${functions.length} function${functions.length === 1 ? "" : "s"}`;
  return [
    `serving ${count} at ${paint("bold", url)}, store ${place}`,
    ...functions.map(({ type }) => `  ${safeText(type)}`),
    `inspector: ${url}/inspector, routes: ${url}/openapi.json`,
    paint("dim", "Ctrl-C ends it."),
  ].join("\n");
}

type Named = Pick<LoadedFunction, "type">;

function readPort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new InvalidArgumentError("Expected a port from 0 to 65535.");
}
