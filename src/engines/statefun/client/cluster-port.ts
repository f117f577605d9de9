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
}

/** The way of replies out of a cluster. */
export interface ClusterEgress {
  /** Type of the egress, `namespace/name`. */
  readonly type: string;
  /**
   * Reads the records that the cluster commits from now on, in order. Records that it may still take
   * back would show results that never were.
   *
   * @returns a function that stops reading
   */
  receive(onRecord: (record: TypedBytes) => void): () => void;
}
