import { Argument } from "commander";
import type { Command } from "commander";
import { HandbackError } from "../../core/errors/errors.ts";
import type { FlowSummary } from "../../futures/listing/flow-summary.ts";
import type { Decision, DecisionAnswer } from "../../patterns/approval/ballot.ts";
import { CommandError } from "../failures/exit-codes.ts";
import type { FlowServer } from "../remote/flow-server.ts";
import { renderFlow } from "../rendering/flow-view.ts";
import type { FlowView } from "../rendering/flow-view.ts";
import type { EntryView } from "../rendering/history-line.ts";
import { safeText } from "../terminal/safe-text.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { printResult, serverOf, withServer } from "./command-context.ts";
import type { RemoteOptions } from "./command-context.ts";
import { readInputArgument } from "./start-commands.ts";

/** Largest number of flows with a common prefix among which one is looked for. */
const MOST_ALIKE = "100";

/** Adds the commands for one flow: `show`, `signal`, `cancel` and `approve`. */
export function addFlowCommands(
  program: Command,
  { terminal, now }: { readonly terminal: Terminal; readonly now: () => number },
): void {
  const flowArgument = new Argument("<flow>", "id of the flow");
  withServer(program.command("show"))
    .description("show one flow: its status, result, paused calls and history")
    .addArgument(flowArgument)
    .action(async (id: string, options: RemoteOptions) => {
      const flow = await readFlowView(serverOf(terminal, options), id, terminal.stopped);
      printResult(terminal, options, {
        data: flow,
        drawn: (paint) => renderFlow(flow, { now: now(), paint }),
      });
    });

  withServer(program.command("signal"))
    .description("send an event to a flow")
    .addArgument(flowArgument)
    .addArgument(new Argument("<event>", "name of the event"))
    .addArgument(new Argument("[value]", "JSON; - reads it from the standard input"))
    .option("--key <key>", "key under which the event counts once, however often it is sent")
    .action(
      async (
        flow: string,
        event: string,
        value: string | undefined,
        options: RemoteOptions & { readonly key?: string },
      ) => {
        const { key } = options;
        const once = key === undefined ? {} : { key };
        const { client } = serverOf(terminal, options);
        await client.signal(flow, event, await readInputArgument(terminal, value), once);
        const drawn = (): string => `sent ${safeText(event)} to ${safeText(flow)}`;
        printResult(terminal, options, { data: { signaled: true }, drawn });
      },
    );

  withServer(program.command("cancel"))
    .description("cancel a flow that has not ended")
    .addArgument(flowArgument)
    .action(async (flow: string, options: RemoteOptions) => {
      if (!(await serverOf(terminal, options).client.cancel(flow)))
        throw new HandbackError("FLOW_OVER", `the flow ${flow} has ended`);
      const drawn = (): string => `canceled ${safeText(flow)}`;
      printResult(terminal, options, { data: { cancelled: true }, drawn });
    });

  addApprove(program, terminal);
}

interface ApproveOptions extends RemoteOptions {
  readonly by: string;
  readonly reject?: boolean;
  readonly comment?: string;
  readonly request?: string;
}

function addApprove(program: Command, terminal: Terminal): void {
  withServer(program.command("approve"))
    .description("decide an approval")
    .addArgument(new Argument("<approval>", "type of the approval, such as shop/expense"))
    .addArgument(new Argument("<id>", "id of the request"))
    .requiredOption("--by <person>", "name of the person who decides")
    .option("--reject", "reject it instead")
    .option("--comment <text>", "comment, which the audit keeps")
    .option("--request <name>", "name of the request, if several had the same id")
    .action(async (approval: string, id: string, options: ApproveOptions) => {
      const { by, comment, request } = options;
      const input: Decision = {
        by,
        decision: options.reject === true ? "reject" : "approve",
        ...(comment !== undefined && { comment }),
        ...(request !== undefined && { request }),
      };
      const { client } = serverOf(terminal, options);
      const answer = (await client.call(`${approval}/decide`, input, { id })) as DecisionAnswer;
      const text = decisionText(answer, input);
      if (!["recorded", "same", "early"].includes(answer.status))
        throw new CommandError("conflict", `${id}: ${text}`);
      printResult(terminal, options, { data: answer, drawn: () => `${safeText(id)}: ${text}` });
    });
}

/** Writes the answer to a decision. */
function decisionText(
  { status, ballot, decision, reason }: DecisionAnswer,
  { by, decision: wanted }: Pick<Decision, "by" | "decision">,
): string {
  const person = safeText(by);
  switch (status) {
    case "recorded":
      return `${person}'s decision to ${wanted} counts; the request is ${ballot ?? "open"}`;
    case "same":
      return `${person} decided the same before; the request is ${ballot ?? "open"}`;
    case "early":
      return `there is no request yet; ${person}'s decision to ${wanted} counts when there is one`;
    case "opposite":
      return `${person} has decided to ${decision?.decision ?? "do otherwise"}, and that stands`;
    case "over":
      return `the request has ended: it is ${ballot ?? "over"}`;
    case "refused":
      return `the decision of ${person} does not count: ${reason ?? "refused"}`;
  }
}

/** Reads everything that a server tells about a flow. */
async function readFlowView(
  server: FlowServer,
  id: string,
  signal: AbortSignal,
): Promise<FlowView> {
  const { startedAt, settledAt, ...status } = await server.client.status(id);
  const [summary, history] = await Promise.all([
    findSummary(server, id),
    readHistorySoFar(server, id, signal),
  ]);
  return {
    ...status,
    // A server tells those who wait for a flow less than its operator.
    status: summary?.status ?? status.status,
    startedAt: Date.parse(startedAt),
    settledAt: settledAt === undefined ? undefined : Date.parse(settledAt),
    attributes: summary?.attributes ?? {},
    paused: summary?.paused ?? [],
    ...(history !== undefined && { history }),
  };
}

/** Finds the entry of a flow in the list of flows, if the server has one. */
async function findSummary(server: FlowServer, id: string): Promise<FlowSummary | undefined> {
  try {
    const { flows } = await server.flows({ keyPrefix: id, limit: MOST_ALIKE });
    return flows.find((flow) => flow.id === id);
  } catch (error) {
    if (isMissingRoute(error)) return undefined;
    throw error;
  }
}

async function readHistorySoFar(
  server: FlowServer,
  id: string,
  signal: AbortSignal,
): Promise<readonly EntryView[] | undefined> {
  try {
    const read: EntryView[] = [];
    for await (const { entry } of server.history(id, { follows: false, signal })) read.push(entry);
    return read;
  } catch (error) {
    if (isMissingRoute(error)) return undefined;
    throw error;
  }
}

/** Tells whether a server lacks routes for operators, or what they read. */
function isMissingRoute(error: unknown): boolean {
  if (error instanceof CommandError || !HandbackError.is(error)) return false;
  return error.code === "UNSUPPORTED" || error.details["problem"] === "NO_ROUTE";
}
