import { Argument } from "commander";
import type { Command } from "commander";
import { isInvokable } from "../../futures/define/is-invokable.ts";
import type { AnyInvokable } from "../../futures/types/function.ts";
import { toMermaid } from "../../patterns/diagram/to-mermaid.ts";
import { CommandError } from "../failures/exit-codes.ts";
import { loadFunctions } from "../modules/load-functions.ts";
import type { LoadedFunction } from "../modules/load-functions.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { printResult, withOutput } from "./command-context.ts";
import type { OutputOptions } from "./command-context.ts";

/** Adds the command `graph`. */
export function addGraphCommand(program: Command, terminal: Terminal): void {
  withOutput(program.command("graph"))
    .description("draw the functions of a module as Mermaid flowcharts")
    .addArgument(new Argument("<module>", "file whose default export is the list of functions"))
    .addArgument(new Argument("[function]", "only this function"))
    .action(async (module: string, only: string | undefined, options: OutputOptions) => {
      const functions = await loadFunctions(module);
      const wanted = functions.filter(({ type }) => only === undefined || type === only);
      if (wanted.length === 0)
        throw new CommandError(
          "notFound",
          `${module} has no function ${only}`,
          `it has ${functions.map(({ type }) => type).join(", ")}`,
        );
      const charts = wanted.flatMap(chartsOf);
      printResult(terminal, options, {
        data: charts,
        drawn: () => charts.map(({ function: name, chart }) => `%% ${name}\n${chart}`).join("\n\n"),
      });
    });
}

/** A stateful function without a default operation has one chart for each operation. */
function chartsOf({
  face,
  type,
  operations,
}: LoadedFunction): readonly { readonly function: string; readonly chart: string }[] {
  const drawn: readonly AnyInvokable[] = isInvokable(face) ? [face] : operations;
  return drawn.map((f) => ({
    function: f.operation === undefined || f === face ? type : `${type} ${f.operation}`,
    chart: toMermaid(f).trimEnd(),
  }));
}
