export { activate } from "./core/activation/activate.ts";
export type { Activation, Cause, StateReader } from "./core/activation/activation.ts";
export { Cancellation } from "./core/activation/cancellation.ts";
export { knowsFunction } from "./core/activation/definition.ts";
export type { Definition } from "./core/activation/definition.ts";
export type {
  Content,
  DeadLetter,
  Effects,
  NamedValue,
  Reply,
  Send,
  StoredValue,
  ValueWrite,
  Watch,
} from "./core/activation/effects.ts";
export type { Blocking, Environment } from "./core/activation/environment.ts";
export type { Run } from "./core/activation/meter.ts";
export { DEFAULT_PAYLOAD_LIMIT } from "./core/codec/encode.ts";
export type { Encoded } from "./core/codec/encoded.ts";
export type { Json } from "./core/data/json.ts";
export { readFrom, readInSteps } from "./core/engine/committed-read.ts";
export type {
  CommittedData,
  CommittedQuery,
  CommittedReader,
  CommittedView,
} from "./core/engine/committed-read.ts";
export type { Capability, ClientRequest, Engine, ReplyListener } from "./core/engine/engine.ts";
export type { PendingMessage, PendingWork } from "./core/engine/pending-work.ts";
export { PendingReplies } from "./core/engine/pending-replies.ts";
export { silent as silentLog } from "./core/host/log.ts";
export { setLongTimer } from "./core/host/long-timer.ts";
export { addressKey, formatAddress } from "./core/message/address.ts";
export { decodeEnvelope, encodeEnvelope } from "./core/message/envelope.ts";
export type { EncodedEnvelope, Envelope } from "./core/message/envelope.ts";
export { decodeContent, encodeContent } from "./core/state/content.ts";
export { Client } from "./futures/client/client.ts";
export { withEgress } from "./futures/run/egress.ts";
export { defineAll as defineFunctions } from "./futures/run/registry.ts";
