import { Argument } from "commander";
import type { Command } from "commander";
import { CommandError } from "../failures/exit-codes.ts";
import { renderEntry } from "../rendering/history-line.ts";
import { safeBlock, safeText } from "../terminal/safe-text.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { paintOf, serverOf, withServer } from "./command-context.ts";
import type { RemoteOptions } from "./command-context.ts";

interface WatchOptions extends RemoteOptions {
  readonly function?: string;
  readonly after?: string;
}

/** Adds the commands that follow what happens: `watch` and `stream`. */
export function addFollowCommands(program: Command, terminal: Terminal): void {
  withServer(program.command("watch"))
    .description("follow one flow until it ends, or the starts and ends of all flows")
    .addArgument(new Argument("[flow]", "id of the flow; without it: all flows"))
    .option("--function <type>", "without a flow: only flows of this function")
    .option("--after <cursor>", "go on after the entry of this cursor; --json prints them")
    .action(async (flow: string | undefined, options: WatchOptions) => {
      if (flow !== undefined && options.function !== undefined)
        throw new CommandError("usage", "--function is for all flows, not for one");
      await untilStopped(terminal, watch(terminal, flow, options));
    });

  withServer(program.command("stream"))
    .description("print what a flow emits to a channel, until the flow ends")
    .addArgument(new Argument("<flow>", "id of the flow"))
    .addArgument(new Argument("<channel>", "name of the channel"))
    .option("--after <cursor>", "go on after the item of this cursor; --json prints them")
    .action(async (flow: string, channel: string, options: RemoteOptions & { after?: string }) => {
      await untilStopped(terminal, streamItems(terminal, { flow, channel }, options));
    });
}

async function watch(
  terminal: Terminal,
  flow: string | undefined,
  options: WatchOptions,
): Promise<void> {
  const server = serverOf(terminal, options);
  const { after, function: type } = options;
  const place = { signal: terminal.stopped, ...(after !== undefined && { after }) };
  const entries =
    flow === undefined
      ? server.events({ ...place, ...(type !== undefined && { function: type }) })
      : server.history(flow, { ...place, follows: true });
  const paint = paintOf(terminal);
  for await (const { cursor, entry } of entries) {
    const name = flow === undefined && entry.flow !== undefined ? `  ${safeText(entry.flow)}` : "";
    terminal.print(
      options.json === true
        ? JSON.stringify({ cursor, ...entry })
        : `${renderEntry(entry, paint)}${paint("bold", name)}`,
    );
  }
}

async function streamItems(
  terminal: Terminal,
  { flow, channel }: { readonly flow: string; readonly channel: string },
  options: RemoteOptions & { readonly after?: string },
): Promise<void> {
  const place = {
    signal: terminal.stopped,
    ...(options.after !== undefined && { after: options.after }),
  };
  for await (const item of serverOf(terminal, options).client.stream(flow, channel, place))
    terminal.print(options.json === true ? JSON.stringify(item) : safeBlock(item.value));
}

/** Waits for work that a person ends with Ctrl-C, which is no error. */
async function untilStopped(terminal: Terminal, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!terminal.stopped.aborted) throw error;
  }
}
