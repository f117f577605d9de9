import type { Command } from "commander";
import { renderStats } from "../rendering/stats-view.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { printResult, serverOf, withServer } from "./command-context.ts";
import type { RemoteOptions } from "./command-context.ts";

/** Adds the command `stats`. */
export function addStatsCommand(program: Command, terminal: Terminal): void {
  withServer(program.command("stats"))
    .description("show figures of the engine: work that waits, slots, commits, log lines")
    .action(async (options: RemoteOptions) => {
      const stats = await serverOf(terminal, options).client.stats();
      printResult(terminal, options, { data: stats, drawn: (paint) => renderStats(stats, paint) });
    });
}
