import { Argument } from "commander";
import type { Command } from "commander";
import { completionScript, SHELLS } from "../rendering/completion-script.ts";
import type { Shell } from "../rendering/completion-script.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** Adds the command `completion`, which knows the commands that were added before. */
export function addCompletionCommand(program: Command, terminal: Terminal): void {
  program
    .command("completion")
    .description("print the completions of a shell, for its start file")
    .addArgument(new Argument("<shell>", "name of the shell").choices(SHELLS))
    .action((shell: Shell) => {
      const commands = program.commands.map((command) => ({
        name: command.name(),
        description: command.description(),
        options: command.options.map(({ long, description }) => ({
          name: long ?? "",
          description,
        })),
      }));
      terminal.print(completionScript(shell, commands));
    });
}
