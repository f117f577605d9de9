import { flowOf } from "../../core/message/message-id.ts";
import { flowKeyOf } from "../../core/validation/flow-key.ts";
import { planOf } from "../protocol/combinator.ts";
import type { Combinator } from "../protocol/combinator.ts";
import type { AskFlow } from "../protocol/messages.ts";
import type { Plan } from "../protocol/node.ts";
import { sendSystemMessage } from "../protocol/system.ts";

/** A question to a flow. */
interface QuestionDetails extends Pick<AskFlow, "about"> {
  /** The flow's key. */
  readonly of: string;
}

/** Plans a question. */
export function questionPlan(details: QuestionDetails): Plan {
  return planOf(question, [], details);
}

/**
 * The combinator of `ctx.status`: a message to a flow, which settles the consumers with its answer. A
 * question has no state.
 */
export const question: Combinator<QuestionDetails> = {
  kind: "question",
  definitions: [],
  methods: {
    status: (context, flow) => context.add(questionPlan({ about: "status", of: flowKeyOf(flow) })),
  },
  compile({ activation, flow }, _node, { details: { about, of } }, { consumers }) {
    const run = flowOf(activation.envelope.id);
    const control = { about, run, consumers, ...(flow !== undefined && { flow }) };
    sendSystemMessage(activation, { to: "flow", id: of, name: "ask", control });
  },
  consumersAt: () => [],
  describe: () => ({ kind: "future", name: "" }),
};
