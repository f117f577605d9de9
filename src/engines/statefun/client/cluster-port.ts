import type { HandbackError } from "../../../core/errors/errors.ts";
import type { Address } from "../../../core/message/address.ts";
import type { TypedBytes } from "../wire/request.ts";

/** A message for the ingress of a cluster. */
export interface IngressMessage {
  /** Names the message. An ingress that may get it twice can tell by this key. */
  readonly key: string;
  readonly target: Address;
  readonly argument: TypedBytes;
}

/** The way of messages into a cluster: an HTTP service, a Kafka topic, or the like. */
export interface ClusterIngress {
  /**
   * Puts messages into the ingress, in order. Resolves once they are durable there. A message may
   * arrive twice.
   */
  send(messages: readonly IngressMessage[]): Promise<void>;
  /** Ends its connections, when the client is closed. Messages on their way reject with `CLOSED`. */
  close?(): void;
}

/** Called with each record of an egress. It must not throw. */
export type RecordListener = (record: TypedBytes) => void;

/** The way of replies out of a cluster. */
export interface ClusterEgress {
  /** Type of the egress, `namespace/name`. */
  readonly type: string;
  /**
   * Reads the records that the cluster commits from now on, in order. Records that it may still take
   * back would show results that never were.
   *
   * @param onLost - called if records may have been deleted before they were read; what waits for a
   *   reply then fails
   * @returns a function that stops reading. A promise of it resolves once no later record is missed,
   *   and the client sends nothing before
   */
  receive(
    onRecord: RecordListener,
    onLost: (error: HandbackError) => void,
  ): (() => void) | Promise<() => void>;
}
