import type { JournalQuery, JournalRow } from "../../../src/core/engine/journal.ts";
import type { Address } from "../../../src/core/message/address.ts";
import type { Batch, StoreInfo, Store } from "../../../src/stores/store.ts";
import { InTurn } from "../../support/in-turn.ts";

/**
 * The moment at which a slow commit can be read: at once, or when it resolves. Both are allowed.
 */
export type Visible = "at once" | "when it resolves";

/**
 * A store whose commits last until `hold` resolves, because the writer of a real store may run off
 * the event loop.
 */
export class HeldStore implements Store {
  readonly queuesFrom: number | undefined;
  readonly #content: Store;
  readonly #hold: (batch: Batch) => Promise<unknown>;
  readonly #visible: Visible;
  readonly #queue: InTurn | undefined;

  /** @param queues set if it accepts a commit while another one is in flight */
  constructor(
    content: Store,
    hold: (batch: Batch) => Promise<unknown>,
    visible: Visible = "when it resolves",
    queues = false,
  ) {
    this.#content = content;
    this.#hold = hold;
    this.#visible = visible;
    this.queuesFrom = queues ? 1 : undefined;
    this.#queue = queues ? new InTurn() : undefined;
  }

  async commit(batch: Batch): Promise<void> {
    if (this.#visible === "at once") await this.#content.commit(batch);
    await (this.#queue?.do(() => this.#write(batch)) ?? this.#write(batch));
  }

  async #write(batch: Batch): Promise<void> {
    await this.#hold(batch);
    if (this.#visible === "when it resolves") await this.#content.commit(batch);
  }

  open(): Promise<StoreInfo> {
    return this.#content.open();
  }

  renameStates(from: string, to: string): Promise<void> {
    return this.#content.renameStates(from, to);
  }

  countStates(isWanted: (type: string) => boolean): ReadonlyMap<string, number> {
    return this.#content.countStates(isWanted);
  }

  readState(address: Address): ReturnType<Store["readState"]> {
    return this.#content.readState(address);
  }

  readMessages(afterSeq: number, limit: number): ReturnType<Store["readMessages"]> {
    return this.#content.readMessages(afterSeq, limit);
  }

  readDelayed(until: number, limit: number, after?: number): ReturnType<Store["readDelayed"]> {
    return this.#content.readDelayed(until, limit, after);
  }

  readScope(scope: string, limit?: number): ReturnType<Store["readScope"]> {
    return this.#content.readScope(scope, limit);
  }

  readWatches(prefix: string, limit?: number): ReturnType<Store["readWatches"]> {
    return this.#content.readWatches(prefix, limit);
  }

  nextDueAt(): number | undefined {
    return this.#content.nextDueAt();
  }

  readDeadLetters(limit: number): ReturnType<Store["readDeadLetters"]> {
    return this.#content.readDeadLetters(limit);
  }

  readDeadLetter(id: string): ReturnType<Store["readDeadLetter"]> {
    return this.#content.readDeadLetter(id);
  }

  readExpired(now: number, limit: number): ReturnType<Store["readExpired"]> {
    return this.#content.readExpired(now, limit);
  }

  readJournal(query: JournalQuery): readonly JournalRow[] {
    return this.#content.readJournal?.(query) ?? [];
  }

  count(): ReturnType<Store["count"]> {
    return this.#content.count();
  }

  close(clean?: boolean): Promise<void> {
    return this.#content.close(clean);
  }
}

/** A gate for commits. While it is shut, they wait, and each can be made to fail. */
export class CommitGate {
  readonly #waiting: { pass: () => void; fail: (error: unknown) => void }[] = [];
  #open = true;

  /** The number of commits that wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  readonly hold = (): Promise<void> => {
    if (this.#open) return Promise.resolve();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ pass: resolve, fail: reject });
    return promise;
  };

  shut(): void {
    this.#open = false;
  }

  /** Lets one commit pass. */
  passOne(): void {
    this.#waiting.shift()?.pass();
  }

  open(): void {
    this.#open = true;
    for (const { pass } of this.#waiting.splice(0)) pass();
  }

  failOne(error: unknown): void {
    this.#waiting.shift()?.fail(error);
  }
}
