import { Argument, InvalidArgumentError } from "commander";
import type { Command } from "commander";
import { CommandError } from "../failures/exit-codes.ts";
import { safeBlock, safeText } from "../terminal/safe-text.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { printResult, readJsonArgument, serverOf, withServer } from "./command-context.ts";
import type { RemoteOptions } from "./command-context.ts";

interface StartOptions extends RemoteOptions {
  readonly id?: string;
  readonly key?: string;
}

/** Adds the commands that start flows: `call` and `start`. */
export function addStartCommands(program: Command, terminal: Terminal): void {
  const begin = (name: string, description: string): Command =>
    withServer(program.command(name))
      .description(description)
      .addArgument(new Argument("<function>", "such as shop/checkout, or shop/cart/add"))
      .addArgument(new Argument("[input]", "JSON; - reads it from the standard input"))
      .option("--id <id>", "id of the state, for an operation of a stateful function")
      .option("--key <key>", "key: a second start with the same key finds the first flow");

  begin("call", "start a flow, wait for it, and print its result").action(
    async (f: string, input: string | undefined, options: StartOptions) => {
      const output: unknown = await serverOf(terminal, options).client.call(
        f,
        await readInputArgument(terminal, input),
        { ...startOptions(options), signal: terminal.stopped },
      );
      printResult(terminal, options, { data: output, drawn: () => safeBlock(output) });
    },
  );

  begin("start", "start a flow and print its id").action(
    async (f: string, input: string | undefined, options: StartOptions) => {
      const { id, stateId } = await serverOf(terminal, options).client.start(
        f,
        await readInputArgument(terminal, input),
        startOptions(options),
      );
      const drawn = (): string => safeText(id);
      printResult(terminal, options, { data: { id, stateId }, drawn });
    },
  );
}

function startOptions({ id, key }: StartOptions): { readonly id?: string; readonly key?: string } {
  return { ...(id !== undefined && { id }), ...(key !== undefined && { key }) };
}

/** Reads the input of a flow from the command line, or from the standard input. */
export async function readInputArgument(
  terminal: Terminal,
  given: string | undefined,
): Promise<unknown> {
  if (given === undefined) return undefined;
  try {
    return readJsonArgument(given === "-" ? await terminal.readInput() : given);
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw new CommandError("usage", `input: ${error.message}`);
  }
}
