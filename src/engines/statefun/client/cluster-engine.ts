import type { Reply } from "../../../core/activation/effects.ts";
import type {
  Capability,
  ClientRequest,
  Engine,
  ReplyListener,
} from "../../../core/engine/engine.ts";
import { PendingReplies } from "../../../core/engine/pending-replies.ts";
import { HandbackError } from "../../../core/errors/errors.ts";
import { logFacts } from "../../../core/errors/log-facts.ts";
import type { Clock } from "../../../core/host/clock.ts";
import type { Log } from "../../../core/host/log.ts";
import { writeEnvelope } from "../request/message-format.ts";
import type { ClusterEgress, ClusterIngress, RecordListener } from "./cluster-port.ts";
import type { ClaimedFlowNumbers } from "../../../core/engine/claimed-flow-numbers.ts";
import { readReply } from "./reply-format.ts";

/** Time until the egress is tried again, in ms. */
const RETRY_MS = 60_000;

/** Collaborators of a {@link ClusterEngine}. */
export interface ClusterEngineParts {
  readonly storeId: string;
  readonly ingress: ClusterIngress;
  readonly egress: ClusterEgress;
  readonly clock: Clock;
  readonly flows: ClaimedFlowNumbers;
  /** Prefix of the reply keys of this client. No other client of the cluster has it. */
  readonly clientName: string;
  readonly knows: Engine["knows"];
  /** Called with each record of the egress that is no reply. It must not throw. */
  readonly onOther?: RecordListener | undefined;
  readonly log: Log;
}

/**
 * A cluster as clients see it: requests go in through the ingress, and replies come out of an
 * egress.
 *
 * CE1 A reply counts once it is committed, so it comes about one checkpoint after its cause.
 * CE2 A request is sent once the replies are read, so its reply is not missed.
 * CE3 State cannot be read from outside, and handlers cannot wait while they run.
 */
export class ClusterEngine implements Engine {
  readonly capabilities: ReadonlySet<Capability> = new Set();
  readonly storeId: string;
  readonly knows: Engine["knows"];
  readonly #parts: ClusterEngineParts;
  readonly #replies = new PendingReplies();
  #reading: Promise<void> | undefined;
  #stop: (() => void) | undefined;
  #isClosed = false;
  #requests = 0;

  constructor(parts: ClusterEngineParts) {
    this.#parts = parts;
    this.storeId = parts.storeId;
    this.knows = parts.knows;
    if (parts.onOther !== undefined) void this.#readOthers(parts.log);
  }

  nextFlow(): string | Promise<string> {
    return this.#parts.flows.next();
  }

  nextRequest(): string {
    return `${this.#parts.clientName}${this.#requests++}`;
  }

  now(): number {
    return this.#parts.clock.now();
  }

  async ask(request: ClientRequest): Promise<Reply> {
    if (this.#isClosed) throw closed();
    const { envelope, key } = request;
    const listening = this.#replies.listenFor(request);
    try {
      await this.#read();
      if (this.#isClosed) throw closed();
      await this.#parts.ingress.send([
        { key, target: envelope.target, argument: writeEnvelope(envelope) },
      ]);
    } catch (error) {
      listening.stop();
      throw error;
    }
    return listening.wait();
  }

  listen(key: string): ReplyListener {
    const listening = this.#replies.listen(key);
    if (this.#isClosed) this.#replies.reject(key, closed());
    return listening;
  }

  async read(): Promise<never> {
    throw new HandbackError("UNSUPPORTED", "the state of a cluster cannot be read from outside");
  }

  /** Stops reading replies. The cluster goes on. */
  close(): void {
    this.#isClosed = true;
    this.#stop?.();
    this.#parts.ingress.close?.();
    this.#replies.rejectAll(closed());
  }

  /** Begins to read replies, if that has not begun. After a failure, the next call tries again. */
  #read(): Promise<void> {
    return (this.#reading ??= this.#receive());
  }

  async #receive(): Promise<void> {
    try {
      const receiving = this.#parts.egress.receive(
        (record) => {
          const reply = readReply(record);
          if (reply === undefined) this.#parts.onOther?.(record);
          else if ("error" in reply) this.#replies.reject(reply.key, reply.error);
          else this.#replies.deliver(reply);
        },
        (error) => this.#replies.rejectAll(error),
      );
      this.#stop = typeof receiving === "function" ? receiving : await receiving;
      if (this.#isClosed) this.#stop();
    } catch (error) {
      this.#reading = undefined;
      throw error;
    }
  }

  async #pause(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#parts.clock.setTimer(RETRY_MS, resolve);
    await promise;
  }

  /** Reads from the start on what is no reply. */
  async #readOthers(log: Log): Promise<void> {
    while (!this.#isClosed) {
      try {
        await this.#read();
        return;
      } catch (error) {
        log.error(
          "the replies and dead letters of the cluster cannot be read; next try in a minute",
          {
            ...logFacts(error),
          },
        );
        await this.#pause();
      }
    }
  }
}

function closed(): HandbackError {
  return new HandbackError("CLOSED", "the client of the cluster is closed");
}
