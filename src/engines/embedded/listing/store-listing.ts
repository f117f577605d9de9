import type {
  DeadLetterPage,
  DeadLetterQuery,
  StatePage,
  StateQuery,
  StoreListing,
} from "../../../core/engine/store-listing.ts";
import type { StoreLists } from "../../../stores/store.ts";
import type { GroupCommit } from "../commit/group-commit.ts";
import type { Lifecycle } from "../lifecycle/lifecycle.ts";

/** Collaborators of {@link CommittedListing}. */
export interface CommittedListingParts {
  readonly lists: StoreLists;
  readonly commits: Pick<GroupCommit, "onceStoreIsKnown">;
  readonly lifecycle: Pick<Lifecycle, "requireNotStopped">;
}

/** Lists committed states and dead letters, each page as of one instant. */
export class CommittedListing implements StoreListing {
  readonly #parts: CommittedListingParts;

  constructor(parts: CommittedListingParts) {
    this.#parts = parts;
  }

  states({ type, idPrefix, limit, after }: StateQuery): Promise<StatePage> {
    return this.#read(({ stateIds }) => {
      const read = stateIds({ type, idPrefix, after, limit: limit + 1 });
      const ids = read.slice(0, limit);
      return { ids, next: read.length > limit ? ids.at(-1) : undefined };
    });
  }

  deadLetters({ limit, after }: DeadLetterQuery): Promise<DeadLetterPage> {
    return this.#read(({ deadLetters }) => {
      const read = deadLetters({ after, limit: limit + 1 });
      const letters = read.slice(0, limit);
      return { letters, next: read.length > limit ? letters.at(-1)?.place : undefined };
    });
  }

  #read<Result>(read: (lists: StoreLists) => Result): Promise<Result> {
    const { lists, commits, lifecycle } = this.#parts;
    return commits.onceStoreIsKnown(() => {
      lifecycle.requireNotStopped();
      return read(lists);
    });
  }
}
