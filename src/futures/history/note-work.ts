import type { Activation } from "../../core/activation/activation.ts";
import type { Address } from "../../core/message/address.ts";
import { flowOf } from "../../core/message/message-id.ts";
import type { MessageId } from "../../core/message/message-id.ts";
import type { HistoryFact } from "./history-facts.ts";
import { noteHistory } from "./note-history.ts";

/** A message to a function, as its activation knows it. */
interface NotedMessage {
  readonly id: MessageId;
  readonly target: Address;
  /** Key of its flow. Absent: it belongs to none, and no history tells of it. */
  readonly flow: string | undefined;
}

/** The entries about a message to a function, without the facts that {@link noteMessage} adds. */
type MessageFact = Extract<HistoryFact, { readonly message: string }>;
type Rest<Fact> = Fact extends MessageFact ? Omit<Fact, "function" | "id" | "message"> : never;

/** Notes something about a message to a function. */
export function noteMessage(
  activation: Activation,
  { id, target, flow: key }: NotedMessage,
  rest: Rest<MessageFact>,
): void {
  if (activation.environment.history === undefined || key === undefined) return;
  const fact = { function: target.type, id: target.id, message: id, ...rest } as MessageFact;
  noteHistory(activation, { key, number: flowOf(id), about: target.type, fact });
}

/** A timer, or another thing of a flow that waits. */
interface NotedWait {
  /** Its id, or any other that begins with the number of the flow. */
  readonly id: string;
  /** Key of its flow. */
  readonly flow: string | undefined;
}

/** Entries that are about no function: the options of the engine decide whether they are kept. */
type WaitFact = Extract<
  HistoryFact,
  { readonly timer: string } | { readonly promise: string } | { readonly event: string }
>;
const NO_FUNCTION = "";

/** Notes something about a thing that waits. */
export function noteWait(
  activation: Activation,
  { id, flow: key }: NotedWait,
  fact: WaitFact,
): void {
  if (activation.environment.history === undefined || key === undefined) return;
  noteHistory(activation, { key, number: flowOf(id), about: NO_FUNCTION, fact });
}
