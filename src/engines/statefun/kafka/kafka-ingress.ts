import { HandbackError } from "../../../core/errors/errors.ts";
import type { ClusterIngress, IngressMessage } from "../client/cluster-port.ts";
import { kafkaFailureOf } from "./kafka-connection.ts";
import type { KafkaConnections, KafkaMessage, KafkaWriter } from "./kafka-connection.ts";
import { missingTopic, refused, tooLarge, unconfirmed, unreachable } from "./kafka-failures.ts";
import { pauseAfter } from "./pause.ts";
import type { Time } from "./pause.ts";

/** Collaborators of a {@link KafkaIngress}. */
export interface KafkaIngressParts extends Time {
  readonly connections: () => Promise<KafkaConnections>;
  /** Topics by type of the function to which their records go. */
  readonly topics: ReadonlyMap<string, string>;
  /** Time for all attempts of a message, in ms. */
  readonly patienceMs: number;
}

/** Most messages, and most bytes, that are written at once. A larger message goes alone. */
const [MOST_MESSAGES, MOST_BYTES] = [500, 1_048_576];

/** A message on its way, and the caller that waits for it. */
interface Sending {
  readonly message: KafkaMessage;
  readonly until: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  /** An attempt has begun, so the message may have been taken. */
  isTried: boolean;
}

/**
 * The way into a cluster through Kafka: a topic for each function, and the id of the function as the
 * key of the record.
 *
 * KW1 One batch is on its way at a time, and messages that come meanwhile are the next one. So the
 * messages for one id keep their order, also when a batch is sent again.
 * KW2 A message is sent again until it is taken, for as long as its caller is patient.
 */
export class KafkaIngress implements ClusterIngress {
  readonly #parts: KafkaIngressParts;
  #queue: Sending[] = [];
  #writer: KafkaWriter | undefined;
  #isSending = false;

  constructor(parts: KafkaIngressParts) {
    this.#parts = parts;
  }

  async send(messages: readonly IngressMessage[]): Promise<void> {
    const until = this.#parts.elapsedMs() + this.#parts.patienceMs;
    const records = messages.map((message) => this.#recordOf(message));
    const taken = records.map((message) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      this.#queue.push({ message, until, resolve, reject, isTried: false });
      return promise;
    });
    if (!this.#isSending) void this.#sendAll();
    await Promise.all(taken);
  }

  /** Ends the connection. Messages on their way are `CLOSED`. A later one connects again. */
  close(): void {
    this.#disconnect();
    const why = new HandbackError("CLOSED", "the way into the cluster was closed");
    for (const { reject } of this.#queue.splice(0)) reject(why);
  }

  #recordOf({ target, argument }: IngressMessage): KafkaMessage {
    const topic = this.#parts.topics.get(target.type);
    if (topic === undefined)
      throw new HandbackError("UNKNOWN_FUNCTION", `no topic leads to the function ${target.type}`);
    return { topic, key: target.id, value: argument.bytes };
  }

  async #sendAll(): Promise<void> {
    this.#isSending = true;
    let most = MOST_MESSAGES;
    for (let failures = 0; this.#queue.length > 0;) {
      const batch = this.#nextBatch(most);
      try {
        await this.#write(batch);
        this.#settle(batch, ({ resolve }) => resolve());
        [failures, most] = [0, MOST_MESSAGES];
      } catch (error) {
        const failure = kafkaFailureOf(error);
        if (failure === "tooLarge" && batch.length > 1) most = Math.ceil(batch.length / 2);
        else if (failure === "tooLarge")
          this.#reject(batch, ({ message }) => tooLarge(message, error));
        else if (HandbackError.is(error)) this.#reject(batch, () => error);
        else if (failure === "refused") this.#reject(batch, () => refused(error));
        else await this.#retryLater(error, failures++);
      }
    }
    this.#isSending = false;
  }

  #nextBatch(most: number): readonly Sending[] {
    let bytes = 0;
    const end = this.#queue.findIndex(({ message }, at) => {
      bytes += message.value.length;
      return at > 0 && (at >= most || bytes > MOST_BYTES);
    });
    return this.#queue.slice(0, end === -1 ? undefined : end);
  }

  async #write(batch: readonly Sending[]): Promise<void> {
    const connections = await this.#parts.connections();
    const [first] = batch;
    // The way was closed meanwhile, so the callers of the batch have their error.
    if (first === undefined || !this.#queue.includes(first)) return;
    this.#writer ??= connections.writer();
    for (const each of batch) each.isTried = true;
    await this.#writer.write(batch.map(({ message }) => message));
  }

  /** Gives up what has waited for too long, and pauses before the next attempt. */
  async #retryLater(error: unknown, failures: number): Promise<void> {
    this.#disconnect();
    const now = this.#parts.elapsedMs();
    const late = this.#queue.filter(({ until }) => until <= now);
    this.#reject(late, ({ message, isTried }) => {
      if (kafkaFailureOf(error) === "missing") return missingTopic(message.topic, error);
      return isTried ? unconfirmed(message, error) : unreachable(error);
    });
    if (this.#queue.length > 0) await this.#parts.sleep(pauseAfter(failures));
  }

  #reject(batch: readonly Sending[], errorOf: (sending: Sending) => HandbackError): void {
    this.#settle(batch, (sending) => sending.reject(errorOf(sending)));
  }

  #settle(batch: readonly Sending[], settle: (sending: Sending) => void): void {
    const settled = new Set(batch);
    this.#queue = this.#queue.filter((each) => !settled.has(each));
    for (const each of batch) settle(each);
  }

  #disconnect(): void {
    this.#writer?.close();
    this.#writer = undefined;
  }
}
