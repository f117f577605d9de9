import { InvalidArgumentError, Option } from "commander";
import type { Command } from "commander";
import { FLOW_STATUSES } from "../../core/engine/flow-index.ts";
import { parseDuration } from "../../core/validation/duration.ts";
import { renderFlows } from "../rendering/flow-table.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { printResult, readCount, serverOf, withServer } from "./command-context.ts";
import type { RemoteOptions } from "./command-context.ts";

interface ListOptions extends RemoteOptions {
  readonly function?: string;
  readonly status?: string;
  readonly keyPrefix?: string;
  readonly attribute?: string;
  readonly startedAfter?: string;
  readonly startedBefore?: string;
  readonly order?: string;
  readonly limit: string;
  readonly cursor?: string;
  readonly count?: boolean;
}

/** Adds the command `ls`. */
export function addListCommand(
  program: Command,
  { terminal, now }: { readonly terminal: Terminal; readonly now: () => number },
): void {
  const instant = (text: string): string => readInstantOption(text, now());
  withServer(program.command("ls"))
    .description("list flows, the newest first")
    .option("--function <type>", "only flows of this function")
    .addOption(new Option("--status <status>", "only flows of this status").choices(FLOW_STATUSES))
    .option("--key-prefix <text>", "only flows whose ids begin with this text")
    .option("--attribute <name=value>", "only flows with this attribute", readAttributeOption)
    .option("--started-after <time>", "a date in ISO 8601, or a time ago such as 2h", instant)
    .option("--started-before <time>", "the same", instant)
    .addOption(new Option("--order <order>", "order of the starts").choices(["newest", "oldest"]))
    .option("--limit <number>", "most flows to list, up to 1,000", readCount, "20")
    .option("--cursor <cursor>", "go on after the page that ended with this cursor")
    .option("--count", "print only the number of flows")
    .action(async (options: ListOptions) => {
      const server = serverOf(terminal, options);
      const { json: _json, url: _url, token: _token, count, ...filter } = options;
      if (count === true) {
        const { limit: _limit, cursor: _cursor, order: _order, ...conditions } = filter;
        const number = await server.countFlows(conditions);
        printResult(terminal, options, { data: { count: number }, drawn: () => String(number) });
        return;
      }
      const page = await server.flows(filter);
      const drawn = (paint: Parameters<typeof renderFlows>[1]["paint"]): string =>
        renderFlows(page, { now: now(), paint });
      printResult(terminal, options, { data: page, drawn });
    });
}

/** Reads `customer=c-7`. A value that is a number, `true` or `false` is one; quotes make it text. */
export function readAttributeOption(text: string): string {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("Expected name=value, such as customer=c-7.");
  const [name, value] = [text.slice(0, at), text.slice(at + 1)];
  const isJson = /^(true|false|-?\d+(\.\d+)?(e[+-]?\d+)?|".*")$/i.test(value);
  return `{${JSON.stringify(name)}:${isJson ? value : JSON.stringify(value)}}`;
}

/** Reads an instant, or a time ago such as `2h`, into ms since the epoch. */
export function readInstantOption(text: string, now: number): string {
  const at = Date.parse(text);
  if (/^\d{4}-/.test(text) && !Number.isNaN(at)) return String(at);
  try {
    if (/^\d/.test(text)) return String(now - parseDuration(text, "time"));
  } catch {
    // The error below says both forms.
  }
  throw new InvalidArgumentError(
    "Expected a date such as 2026-11-30T08:00Z, or a time such as 2h.",
  );
}
