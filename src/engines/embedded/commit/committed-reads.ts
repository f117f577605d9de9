import type { Definition } from "../../../core/activation/definition.ts";
import type { NamedValue } from "../../../core/activation/effects.ts";
import { readFrom } from "../../../core/engine/committed-read.ts";
import type { CommittedReader, CommittedView } from "../../../core/engine/committed-read.ts";
import type { PendingWork } from "../../../core/engine/pending-work.ts";
import type { Address } from "../../../core/message/address.ts";
import type { Envelope } from "../../../core/message/envelope.ts";
import type { Store } from "../../../stores/store.ts";
import type { Lifecycle } from "../lifecycle/lifecycle.ts";
import type { StateCache } from "../state/state-cache.ts";
import type { GroupCommit } from "./group-commit.ts";
import { pendingWorkOf } from "./pending-work.ts";

/** Collaborators of {@link CommittedReads}. */
export interface CommittedReadsParts {
  readonly store: Pick<Store, "readMessages" | "readScope" | "readWatches">;
  readonly definitions: ReadonlyMap<string, Definition>;
  readonly lifecycle: Lifecycle;
  readonly cache: Pick<StateCache, "open">;
  readonly commits: Pick<GroupCommit, "isStoreAhead" | "onceStoreIsKnown">;
  /** Tells why a stored message is parked, if it is. */
  readonly whyParked: (envelope: Envelope) => string | undefined;
}

/**
 * Reads committed values and work, all of one instant.
 *
 * RD1 Values come from memory, and work from the store. While a commit is in flight, the store may
 *     hold it already and memory not yet. A reader that asks for more than one thing then runs again
 *     once that commit is known.
 */
export class CommittedReads {
  readonly #parts: CommittedReadsParts;

  constructor(parts: CommittedReadsParts) {
    this.#parts = parts;
  }

  /** @see Engine.read */
  read<Result>(reader: () => CommittedReader<Result>): Result | Promise<Result> {
    const { commits } = this.#parts;
    const view = this.#view();
    const result = readFrom(view, reader());
    if (view.asked < 2 || !commits.isStoreAhead) return result;
    return commits.onceStoreIsKnown(() => readFrom(this.#view(), reader()));
  }

  #view(): CountingView {
    this.#parts.lifecycle.requireNotStopped();
    return new CountingView(this.#parts);
  }
}

/** What is committed now. It counts the questions. */
class CountingView implements CommittedView {
  readonly #parts: CommittedReadsParts;
  asked = 0;

  constructor(parts: CommittedReadsParts) {
    this.#parts = parts;
  }

  values({ type, id }: Address): readonly NamedValue[] {
    this.asked++;
    const { definitions, cache } = this.#parts;
    // The address may have a former name of the function.
    return cache.open({ type: definitions.get(type)?.type ?? type, id }).committed();
  }

  pendingWork(scope: string): PendingWork {
    this.asked++;
    const { store, whyParked } = this.#parts;
    return pendingWorkOf(store, scope, whyParked);
  }
}
