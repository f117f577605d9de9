import { Command, CommanderError } from "commander";
import { readFileSync } from "node:fs";
import { addCompletionCommand } from "./commands/completion-command.ts";
import { addFlowCommands } from "./commands/flow-commands.ts";
import { addFollowCommands } from "./commands/follow-commands.ts";
import { addGraphCommand } from "./commands/graph-command.ts";
import { addListCommand } from "./commands/list-command.ts";
import { addRepairCommands } from "./commands/repair-commands.ts";
import { addServeCommand } from "./commands/serve-command.ts";
import { addSteeringCommands } from "./commands/steering-commands.ts";
import { addStartCommands } from "./commands/start-commands.ts";
import { addStatsCommand } from "./commands/stats-command.ts";
import { errorReport, renderError } from "./failures/describe-error.ts";
import { EXIT, kindOfError } from "./failures/exit-codes.ts";
import { paintFor } from "./terminal/paint.ts";
import type { Terminal } from "./terminal/terminal.ts";

/** Exit code of a command that Ctrl-C ended before it was done. */
const INTERRUPTED = 130;

const AFTER_HELP = `
Begin with:
  handback serve functions.ts        run the functions of a module
  handback call shop/greet '"Ada"'   start a flow and print its result
  handback ls                        list the flows

Exit codes: 0 done, 1 the flow failed, 2 wrong command line, 3 not found, 4 it stands otherwise,
5 not allowed, 6 cannot be reached now, 7 the store is damaged, 70 other errors.`;

/**
 * Runs one command.
 *
 * @param args - the words after the name of the program
 * @returns the exit code
 */
export async function runCommandLine(
  args: readonly string[],
  { terminal, now }: { readonly terminal: Terminal; readonly now: () => number },
): Promise<number> {
  const program = commandLine({ terminal, now });
  try {
    await program.parseAsync(args, { from: "user" });
    return EXIT.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (terminal.stopped.aborted && error === terminal.stopped.reason) return INTERRUPTED;
    terminal.note(
      args.includes("--json")
        ? JSON.stringify(errorReport(error))
        : renderError(error, paintFor(terminal.hasColor)),
    );
    return EXIT[kindOfError(error)];
  }
}

/** Makes the commands. */
function commandLine(surroundings: {
  readonly terminal: Terminal;
  readonly now: () => number;
}): Command {
  const { terminal } = surroundings;
  const program = new Command("handback")
    .description("Runs durable workflows, and talks to a server that runs them.")
    .version(packageVersion(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .helpCommand("help [command]", "print help for a command")
    .addHelpText("after", AFTER_HELP)
    .showHelpAfterError("(handback --help lists the commands)")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.print(text.trimEnd()),
      writeErr: (text) => terminal.note(text.trimEnd()),
      getOutHasColors: () => terminal.hasColor,
      getErrHasColors: () => terminal.hasColor,
    });
  addServeCommand(program, terminal);
  addStartCommands(program, terminal);
  addListCommand(program, surroundings);
  addFlowCommands(program, surroundings);
  addFollowCommands(program, terminal);
  addRepairCommands(program, surroundings);
  addStatsCommand(program, terminal);
  addSteeringCommands(program, terminal);
  addGraphCommand(program, terminal);
  addCompletionCommand(program, terminal);
  return program;
}

function packageVersion(): string {
  const file = new URL("../../package.json", import.meta.url);
  const { version } = JSON.parse(readFileSync(file, "utf8")) as { readonly version: string };
  return version;
}
