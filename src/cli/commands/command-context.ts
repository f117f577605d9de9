import { InvalidArgumentError } from "commander";
import type { Command } from "commander";
import { FlowServer } from "../remote/flow-server.ts";
import type { ServerOptions } from "../remote/flow-server.ts";
import { paintFor } from "../terminal/paint.ts";
import type { Paint } from "../terminal/paint.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** Options of every command that prints. */
export interface OutputOptions {
  readonly json?: boolean;
}

/** Options of every command that talks to a server. */
export interface RemoteOptions extends ServerOptions, OutputOptions {}

/** Adds the option `--json`. */
export function withOutput(command: Command): Command {
  return command.option("--json", "print JSON for programs");
}

/** Adds the options of commands that talk to a server. */
export function withServer(command: Command): Command {
  return withOutput(command)
    .option(
      "--url <address>",
      "address of the server (default: HANDBACK_URL, or the one on this machine)",
    )
    .option("--token <token>", "token of the server (default: HANDBACK_TOKEN)");
}

/** Returns the server that the options or the environment name. */
export function serverOf(terminal: Terminal, options: RemoteOptions): FlowServer {
  return new FlowServer(options, terminal.environment);
}

/** Returns the colors of a terminal. */
export function paintOf(terminal: Terminal): Paint {
  return paintFor(terminal.hasColor);
}

/** Prints a result: as JSON on one line for a program, or drawn for a person. */
export function printResult(
  terminal: Terminal,
  { json }: OutputOptions,
  { data, drawn }: { readonly data: unknown; readonly drawn: (paint: Paint) => string },
): void {
  terminal.print(json === true ? JSON.stringify(data ?? null) : drawn(paintOf(terminal)));
}

/** Reads a whole number of an option. */
export function readCount(text: string): string {
  if (/^\d{1,15}$/.test(text) && Number(text) > 0) return text;
  throw new InvalidArgumentError("Expected a whole number from 1.");
}

/** Reads JSON of an argument. @throws if it is none, with advice on quotes */
export function readJsonArgument(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new InvalidArgumentError(
      `Expected JSON. Text needs its own quotes, as in '${JSON.stringify(text)}'.`,
    );
  }
}
