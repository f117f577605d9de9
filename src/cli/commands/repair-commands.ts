import { Argument } from "commander";
import type { Command } from "commander";
import type { FlowServer } from "../remote/flow-server.ts";
import { renderDeadLetters } from "../rendering/dead-letter-table.ts";
import { safeText } from "../terminal/safe-text.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { printResult, readCount, serverOf, withServer } from "./command-context.ts";
import type { RemoteOptions } from "./command-context.ts";

/** Adds the command `dead-letters`. */
export function addRepairCommands(
  program: Command,
  { terminal, now }: { readonly terminal: Terminal; readonly now: () => number },
): void {
  const letters = program
    .command("dead-letters")
    .description("list the messages that were given up, send them again, or delete them");
  withServer(letters.command("ls", { isDefault: true }))
    .description("list them, the oldest first")
    .option("--limit <number>", "most letters to list, up to 1,000", readCount, "20")
    .option("--cursor <cursor>", "go on after the page that ended with this cursor")
    .action(
      async (options: RemoteOptions & { readonly limit: string; readonly cursor?: string }) => {
        const { limit, cursor } = options;
        const page = await serverOf(terminal, options).deadLetters({ limit, cursor });
        printResult(terminal, options, {
          data: page,
          drawn: (paint) => renderDeadLetters(page, { now: now(), paint }),
        });
      },
    );
  const decide = (
    name: "redrive" | "discard",
    description: string,
    act: (server: FlowServer, letter: string) => Promise<void>,
  ): void => {
    withServer(letters.command(name))
      .description(description)
      .addArgument(new Argument("<letter>", "id of the letter"))
      .action(async (letter: string, options: RemoteOptions) => {
        await act(serverOf(terminal, options), letter);
        const drawn = (): string => `${PAST[name]} ${safeText(letter)}`;
        printResult(terminal, options, { data: { [PAST[name]]: true }, drawn });
      });
  };
  decide("redrive", "send the message again, and remove the letter", (server, letter) =>
    server.redrive(letter),
  );
  decide("discard", "delete the letter; what waits for it gets the failure", (server, letter) =>
    server.discard(letter),
  );
}

const PAST = { redrive: "redriven", discard: "discarded" } as const;
