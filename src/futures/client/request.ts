import type { Reply } from "../../core/activation/effects.ts";
import { UNDEFINED } from "../../core/codec/encoded.ts";
import type { Encoded } from "../../core/codec/encoded.ts";
import type { Json } from "../../core/data/json.ts";
import type { Engine } from "../../core/engine/engine.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import type { Envelope } from "../../core/message/envelope.ts";
import { codec } from "../protocol/codec.ts";
import type { Messages, ReplyKey } from "../protocol/messages.ts";
import { systemAddress } from "../protocol/system.ts";
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

/** Sends a message to a system function, and returns its reply. */
export function askEngine<
  Kind extends keyof Replies,
  Name extends keyof Replies[Kind] & MessageName<Kind>,
>(
  engine: Pick<Engine, "ask">,
  kind: Kind,
  request: Request<Kind, Name>,
): Promise<Answer<Kind, Name>> {
  const { id, name, control, payload = UNDEFINED, fresh, begins = false, outcome } = request;
  const target = systemAddress(kind, id);
  const envelope: Envelope = {
    id,
    target,
    name,
    payload,
    control,
    fresh: fresh === true ? true : undefined,
  };
  const reply = engine.ask({ envelope, key: control.key, begins, outcome });
  // The map of replies says how this message is answered.
  return reply as Promise<Answer<Kind, Name>>;
}

/**
 * Encodes a value that a client sends. @throws `FOREIGN_FUTURE`, `UNSERIALIZABLE`, `TOO_DEEP`,
 * `PAYLOAD_TOO_LARGE`
 */
export function encodeFromOutside(
  value: unknown,
  options: { readonly limit: number; readonly root: string },
): Encoded {
  const { segments, holes } = codec.encodeTemplate(value, options);
  if (holes.length === 0) return (segments[0] ?? UNDEFINED) as Encoded;
  throw new HandbackError(
    "FOREIGN_FUTURE",
    `the ${options.root} holds a future, which ends with its handler; pass its handle()`,
  );
}
