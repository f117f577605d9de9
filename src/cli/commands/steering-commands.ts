import { Argument, Option } from "commander";
import type { Command } from "commander";
import { CommandError } from "../failures/exit-codes.ts";
import { safeText } from "../terminal/safe-text.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { printResult, serverOf, withServer } from "./command-context.ts";
import type { RemoteOptions } from "./command-context.ts";
import { readInputArgument } from "./start-commands.ts";

interface PauseCommandOptions extends RemoteOptions {
  readonly function?: string;
}

interface ResumeCommandOptions extends RemoteOptions {
  readonly call?: string;
  readonly input?: string;
  readonly newKey?: boolean;
  readonly function?: string;
}

/** Adds the commands `pause`, `resume` and `restart`. */
export function addSteeringCommands(program: Command, terminal: Terminal): void {
  withServer(program.command("pause"))
    .description("hold back a flow, or a function in all flows, until it is resumed")
    .addArgument(new Argument("[flow]", "id of the flow"))
    .option("--function <function>", "the function to pause, namespace/name")
    .action(async (flow: string | undefined, options: PauseCommandOptions) => {
      const server = serverOf(terminal, options);
      const { is, name } = pausedOf(flow, options.function);
      await (is === "flow" ? server.pause(name) : server.changeFunction("pause", name));
      const drawn = (): string => `paused ${safeText(name)}`;
      printResult(terminal, options, { data: { paused: true }, drawn });
    });

  withServer(program.command("resume"))
    .description("let go on what is paused, or run a paused call of a flow again")
    .addArgument(new Argument("[flow]", "id of the flow"))
    .option("--function <function>", "the paused function, namespace/name")
    .option("--call <call>", "the call, if several are paused; show <flow> lists them")
    .option("--input <json>", "another input; - reads it from the standard input")
    .option("--new-key", "give it another idempotency key: others take it for a new call")
    .action(async (named: string | undefined, options: ResumeCommandOptions) => {
      const { call, newKey } = options;
      const server = serverOf(terminal, options);
      const paused = pausedOf(named, options.function);
      const drawn = (): string => `resumed ${safeText(paused.name)}`;
      const result = { data: { resumed: true }, drawn };
      if (paused.is === "function") {
        await server.changeFunction("resume", paused.name);
        return printResult(terminal, options, result);
      }
      await server.resume(paused.name, {
        ...(call !== undefined && { call }),
        ...(options.input !== undefined && {
          input: await readInputArgument(terminal, options.input),
        }),
        ...(newKey !== undefined && { newKey }),
      });
      printResult(terminal, options, result);
    });

  withServer(program.command("restart"))
    .description("run a flow again from its start, if it has failed or was canceled")
    .addArgument(new Argument("<flow>", "id of the flow"))
    .addOption(
      new Option(
        "--keys <keys>",
        "idempotency keys of its calls: those of its last run, or new ones",
      )
        .choices(["same", "new"])
        .makeOptionMandatory(),
    )
    .action(async (flow: string, options: RemoteOptions & { readonly keys: "same" | "new" }) => {
      const { keys } = options;
      await serverOf(terminal, options).restart(flow, { keys });
      const drawn = (): string => `restarted ${safeText(flow)}`;
      printResult(terminal, options, { data: { restarted: true }, drawn });
    });
}

/** What a command pauses or resumes. */
interface Paused {
  readonly is: "flow" | "function";
  readonly name: string;
}

/** Returns what a command is about. @throws an error of usage unless it is one of both */
function pausedOf(flow: string | undefined, type: string | undefined): Paused {
  if (flow !== undefined && type === undefined) return { is: "flow", name: flow };
  if (type !== undefined && flow === undefined) return { is: "function", name: type };
  throw new CommandError("usage", "expected a flow or --function, and not both");
}
