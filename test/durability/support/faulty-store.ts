import type { JournalQuery, JournalRow } from "../../../src/core/engine/journal.ts";
import type { Address } from "../../../src/core/message/address.ts";
import { HandbackError } from "../../../src/core/errors/errors.ts";
import { memory } from "../../../src/stores/memory/memory.ts";
import type { Batch, StoreInfo, Store } from "../../../src/stores/store.ts";
import { InTurn } from "../../support/in-turn.ts";
import { batchThroughText } from "../../../src/testing/simulation/machine/text-round-trip.ts";

/**
 * The fault of a commit.
 * - `lost`: the process crashes before the commit is durable
 * - `unheard`: the commit is durable, and the process crashes before its promise resolves
 * - `refused`: the commit rejects, and did not happen
 * - `unsure`: the commit rejects, although it is durable
 */
export type Fault = "lost" | "unheard" | "refused" | "unsure";

export const FAULTS: readonly Fault[] = ["lost", "unheard", "refused", "unsure"];

interface Armed {
  readonly atCommit: number;
  readonly fault: Fault;
  readonly happened: () => void;
}

/** A row left in the store. */
export interface Row extends Address {
  readonly name: string;
  readonly expires: boolean;
}

/**
 * Content that outlives the engines that use it one after the other, with faults planned for one of
 * them.
 */
export class FaultyDisk {
  readonly content: Store = memory();
  /** Delays a commit. */
  delay: () => Promise<void> = () => Promise.resolve();
  /** Set if it accepts a commit while another one is in flight. */
  queues = false;
  /** The number of commits attempted so far. */
  commits = 0;
  readonly #addresses = new Map<string, Address>();
  #armed: Armed | undefined;
  #session: Session | undefined;

  /**
   * Returns a store for the next engine. The previous engine's commits have no effect from now on.
   */
  plug(): Session {
    return (this.#session = new Session(this));
  }

  /** Plans the fault of one of the next commits, counted from 1. Resolves when it has happened. */
  arm(atCommit: number, fault: Fault): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#armed = { atCommit: this.commits + atCommit, fault, happened: resolve };
    return promise;
  }

  disarm(): void {
    this.#armed = undefined;
  }

  /** Cuts the power of the engine that uses the disk. */
  async cut(): Promise<void> {
    this.#session?.die();
    await this.content.close();
  }

  async commit(batch: Batch): Promise<void> {
    this.commits++;
    for (const { address } of batch.values)
      this.#addresses.set(`${address.type}/${address.id}`, address);
    const armed = this.#armed;
    if (armed?.atCommit !== this.commits) return this.content.commit(batchThroughText(batch));
    this.#armed = undefined;
    if (armed.fault === "unheard" || armed.fault === "unsure")
      await this.content.commit(batchThroughText(batch));
    if (armed.fault === "lost" || armed.fault === "unheard") await this.cut();
    armed.happened();
    if (armed.fault === "lost" || armed.fault === "unheard") return never();
    throw new HandbackError("STORE_FAILED", `the disk has been told to fail: ${armed.fault}`);
  }

  /** Returns all rows of state. A store of the disk must be open. */
  rows(): readonly Row[] {
    return [...this.#addresses.values()].flatMap(({ type, id }) =>
      this.content
        .readState({ type, id })
        .map(({ name, value }) => ({ type, id, name, expires: value.expiresAt !== undefined })),
    );
  }
}

/** The disk as one engine sees it, until its power is cut. */
class Session implements Store {
  readonly #disk: FaultyDisk;
  readonly #queue = new InTurn();
  #dead = false;

  constructor(disk: FaultyDisk) {
    this.#disk = disk;
  }

  get isDead(): boolean {
    return this.#dead;
  }

  die(): void {
    this.#dead = true;
  }

  open(): Promise<StoreInfo> {
    return this.#disk.content.open();
  }

  get queuesFrom(): number | undefined {
    return this.#disk.queues ? 1 : undefined;
  }

  commit(batch: Batch): Promise<void> {
    return this.#disk.queues ? this.#queue.do(() => this.#commit(batch)) : this.#commit(batch);
  }

  async #commit(batch: Batch): Promise<void> {
    await this.#disk.delay();
    return this.#dead ? never() : this.#disk.commit(batch);
  }

  renameStates(from: string, to: string): Promise<void> {
    return this.#dead ? never() : this.#disk.content.renameStates(from, to);
  }

  countStates(isWanted: (type: string) => boolean): ReadonlyMap<string, number> {
    return this.#dead ? new Map() : this.#disk.content.countStates(isWanted);
  }

  readState(address: Address): ReturnType<Store["readState"]> {
    return this.#dead ? [] : this.#disk.content.readState(address);
  }

  readMessages(afterSeq: number, limit: number): ReturnType<Store["readMessages"]> {
    return this.#dead ? [] : this.#disk.content.readMessages(afterSeq, limit);
  }

  readDelayed(until: number, limit: number, after?: number): ReturnType<Store["readDelayed"]> {
    return this.#dead ? [] : this.#disk.content.readDelayed(until, limit, after);
  }

  readScope(scope: string, limit?: number): ReturnType<Store["readScope"]> {
    return this.#dead ? [] : this.#disk.content.readScope(scope, limit);
  }

  readWatches(prefix: string, limit?: number): ReturnType<Store["readWatches"]> {
    return this.#dead ? [] : this.#disk.content.readWatches(prefix, limit);
  }

  nextDueAt(): number | undefined {
    return this.#dead ? undefined : this.#disk.content.nextDueAt();
  }

  readDeadLetters(limit: number): ReturnType<Store["readDeadLetters"]> {
    return this.#dead ? [] : this.#disk.content.readDeadLetters(limit);
  }

  readDeadLetter(id: string): ReturnType<Store["readDeadLetter"]> {
    return this.#dead ? undefined : this.#disk.content.readDeadLetter(id);
  }

  readExpired(now: number, limit: number): ReturnType<Store["readExpired"]> {
    return this.#dead ? [] : this.#disk.content.readExpired(now, limit);
  }

  readJournal(query: JournalQuery): readonly JournalRow[] {
    return this.#dead ? [] : (this.#disk.content.readJournal?.(query) ?? []);
  }

  count(): ReturnType<Store["count"]> {
    return this.#disk.content.count();
  }

  async close(clean?: boolean): Promise<void> {
    if (!this.#dead) await this.#disk.content.close(clean);
  }
}

function never<T>(): Promise<T> {
  return new Promise(() => undefined);
}
