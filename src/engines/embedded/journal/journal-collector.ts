import type { Clock } from "../../../core/host/clock.ts";
import type { GroupCommit } from "../commit/group-commit.ts";
import type { Dispatcher } from "../dispatch/dispatcher.ts";
import type { Lifecycle } from "../lifecycle/lifecycle.ts";
import type { Journal } from "./journal.ts";

/** Rows that one look reads. */
const CHUNK = 64;
/** Longest and shortest rest between two passes over the old rows. */
const [LONGEST_MS, SHORTEST_MS] = [3_600_000, 1_000];

/** Collaborators of {@link JournalCollector}. */
export interface JournalCollectorParts {
  readonly clock: Clock;
  readonly retentionMs: number;
  readonly lifecycle: Lifecycle;
  readonly journal: Journal;
  readonly commits: Pick<GroupCommit, "batch">;
  readonly dispatcher: Pick<Dispatcher, "wake">;
  /** Tells whether the record of a flow is kept, so that its journal is kept too. */
  readonly isKept: (flow: string, owner: string) => Promise<boolean>;
}

/**
 * Deletes the journal of flows whose records are gone. A row is looked at once it is as old as the
 * retention: the record of a settled flow is kept as long.
 *
 * JC1 One look at a time, of bounded size. The next look follows the commit of the last one's
 *     deletions.
 */
export class JournalCollector {
  readonly #parts: JournalCollectorParts;
  /** The position up to which this pass has looked. */
  #after = 0;
  #cancel: () => void = () => undefined;
  #isStopped = false;

  constructor(parts: JournalCollectorParts) {
    this.#parts = parts;
  }

  /** Looks regularly from now on. */
  start(): void {
    if (this.#isStopped) return;
    const { clock, retentionMs } = this.#parts;
    const restMs = Math.min(Math.max(retentionMs / 4, SHORTEST_MS), LONGEST_MS);
    this.#after = 0;
    this.#cancel = clock.setTimer(restMs, () => this.#look());
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel();
  }

  #look(): void {
    const { lifecycle } = this.#parts;
    if (!this.#isStopped) this.#collect().catch((error: unknown) => lifecycle.fail(error));
  }

  async #collect(): Promise<void> {
    const { clock, retentionMs, journal, commits, dispatcher } = this.#parts;
    const rows = journal.read({ after: this.#after, limit: CHUNK });
    const old = rows.filter(({ at }) => at + retentionMs <= clock.now());
    const gone = await this.#choose(new Map(old.map(({ flow, owner }) => [flow, owner])));
    if (this.#isStopped) return;
    this.#after = old.at(-1)?.position ?? this.#after;
    const next = (): void => {
      if (old.length < CHUNK) this.start();
      else this.#look();
    };
    if (gone.length === 0) return next();
    for (const flow of gone) journal.deleteFlow(flow);
    commits.batch.afterCommit.push(next);
    dispatcher.wake();
  }

  /** Returns the flows whose records are gone. */
  async #choose(flows: ReadonlyMap<string, string>): Promise<readonly string[]> {
    const gone: string[] = [];
    for (const [flow, owner] of flows)
      if (!(await this.#parts.isKept(flow, owner))) gone.push(flow);
    return gone;
  }
}
