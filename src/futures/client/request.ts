import type { Reply } from "../../core/activation/effects.ts";
import type { Encoded } from "../../core/codec/encoded.ts";
import type { Json } from "../../core/data/json.ts";
import type { Messages, ReplyKey } from "../protocol/messages.ts";
import type { Replies } from "./replies.ts";

/** The names of the messages to a kind of system function. */
export type MessageName<Kind extends keyof Messages> = keyof Messages[Kind] & string;

/** The reply to a message. */
export type Answer<Kind extends keyof Replies, Name extends keyof Replies[Kind]> = Reply & {
  readonly control: Replies[Kind][Name];
};

/** A message that asks for a reply. */
export interface Request<Kind extends keyof Messages, Name extends keyof Messages[Kind]> {
  readonly id: string;
  readonly name: Name;
  readonly control: Messages[Kind][Name] & ReplyKey & Json;
  readonly payload?: Encoded;
  /** Nothing can be stored at its target yet. */
  readonly fresh?: boolean;
  /** It starts work. */
  readonly begins?: boolean;
  /** Key of the reply that comes when that work has ended. */
  readonly outcome?: string | undefined;
}
