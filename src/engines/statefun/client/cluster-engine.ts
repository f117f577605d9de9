import type { Reply } from "../../../core/activation/effects.ts";
import type {
  Capability,
  ClientRequest,
  Engine,
  ReplyListener,
} from "../../../core/engine/engine.ts";
import { PendingReplies } from "../../../core/engine/pending-replies.ts";
import { HandbackError } from "../../../core/errors/errors.ts";
import type { Clock } from "../../../core/host/clock.ts";
import { writeEnvelope } from "../request/message-format.ts";
import type { TypedBytes } from "../wire/request.ts";
import type { ClusterEgress, ClusterIngress } from "./cluster-port.ts";
import type { ClaimedFlowNumbers } from "../../../core/engine/claimed-flow-numbers.ts";
import { readReply } from "./reply-format.ts";

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
  readonly onOther?: ((record: TypedBytes) => void) | undefined;
}

/**
 * A cluster as clients see it: requests go in through the ingress, and replies come out of an
 * egress.
 *
 * CE1 A reply counts once it is committed, so it comes about one checkpoint after its cause.
 * CE2 State cannot be read from outside, and handlers cannot wait while they run.
 */
export class ClusterEngine implements Engine {
  readonly capabilities: ReadonlySet<Capability> = new Set();
  readonly storeId: string;
  readonly knows: Engine["knows"];
  readonly #parts: ClusterEngineParts;
  readonly #replies = new PendingReplies();
  readonly #stop: () => void;
  #isClosed = false;
  #requests = 0;

  constructor(parts: ClusterEngineParts) {
    this.#parts = parts;
    this.storeId = parts.storeId;
    this.knows = parts.knows;
    this.#stop = parts.egress.receive((record) => {
      const reply = readReply(record);
      if (reply === undefined) parts.onOther?.(record);
      else this.#replies.deliver(reply);
    });
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
    this.#stop();
    this.#replies.rejectAll(closed());
  }
}

function closed(): HandbackError {
  return new HandbackError("CLOSED", "the client of the cluster is closed");
}
