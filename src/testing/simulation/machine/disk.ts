import { addressKey } from "../../../core/message/address.ts";
import type { Address } from "../../../core/message/address.ts";
import { digest } from "../../../core/crypto/digest.ts";
import { memory } from "../../../stores/memory/memory.ts";
import { encodeBatch } from "../../../stores/sqlite/tables/batch-codec.ts";
import type { Batch, StoreInfo, Store } from "../../../stores/store.ts";
import type { EventQueue } from "./event-queue.ts";
import type { CrashMode } from "../faults/crash.ts";
import type { Decisions, Fate } from "../faults/decisions.ts";
import { failingStoreError, deadProcessError, Session } from "./session.ts";
import { batchThroughText } from "./text-round-trip.ts";
import type { Trace } from "../record/trace.ts";

/** The parts of the world that a disk uses. */
export interface DiskParts {
  readonly eventQueue: EventQueue;
  readonly decisions: Decisions;
  readonly trace: Trace;
  /** Ends the process that has the disk open. */
  readonly crash: (how: CrashMode, commit: number) => void;
  /** Reports that the engine broke a rule of the store. */
  readonly fail: (error: unknown) => void;
}

/** A commit under way. */
interface Commit {
  readonly number: number;
  readonly batch: Batch;
  readonly fate: Fate;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  isThere: boolean;
}

/**
 * The last instant of a Date. A message that is due then is never due, and waits for its
 * cancellation.
 */
const END_OF_TIME = 8.64e15;

/** The same in every run, so that handles and tokens are the same too. */
const STORE_ID = "5eed5eed5eed5eed";

/**
 * A disk that outlives the engines that use it one after the other. It is built on a real
 * `memory()` store.
 *
 * DK1 An acknowledged commit is stored. Any other commit is stored as a whole or not at all.
 * DK2 A process has no effect on the disk after its end.
 * DK3 At most one commit is under way.
 */
export class Disk {
  readonly content: Store = memory();
  readonly #parts: DiskParts;
  readonly #addresses = new Map<string, Map<string, Address>>();
  #underWay: Commit | undefined;
  #session: Session | undefined;
  #commits = 0;

  constructor(parts: DiskParts) {
    this.#parts = parts;
  }

  /** Number of stored commits. */
  get commits(): number {
    return this.#commits;
  }

  get isCommitting(): boolean {
    return this.#underWay !== undefined;
  }

  /** Connects the disk to the next process, as its store. */
  connect(): Session {
    return (this.#session = new Session({
      content: this.content,
      open: () => this.#open(),
      commit: (batch) => this.#commit(batch),
    }));
  }

  /**
   * Disconnects the disk from its process. A commit under way is stored if `keeps` is true or if a
   * reader has seen it.
   */
  disconnect(keeps: boolean): void {
    const commit = this.#underWay;
    if (commit !== undefined && keeps) this.#apply(commit);
    this.#underWay = undefined;
    if (this.#session !== undefined) this.#session.isDead = true;
    void this.content.close();
    commit?.reject(deadProcessError());
  }

  /** The earliest due instant of all delayed messages. */
  get nextDueAt(): number | undefined {
    const due = this.content.nextDueAt();
    return due !== undefined && due < END_OF_TIME ? due : undefined;
  }

  /** Addresses of a function type that have or had state. */
  addresses(type: string): readonly Address[] {
    return [...(this.#addresses.get(type)?.values() ?? [])];
  }

  async #open(): Promise<StoreInfo> {
    return { ...(await this.content.open()), storeId: STORE_ID };
  }

  #commit(batch: Batch): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const number = this.#commits + 1;
    this.#note(number, batch);
    if (this.#underWay !== undefined) {
      this.#parts.fail(new Error(`commit ${number} began while another one was under way`));
      return promise;
    }
    const fate = this.#parts.decisions.commit(number);
    this.#begin((this.#underWay = { number, batch, fate, resolve, reject, isThere: false }));
    return promise;
  }

  #begin(commit: Commit): void {
    const { eventQueue } = this.#parts;
    const { takesMs, seenEarly, crash } = commit.fate;
    if (crash === "before") return this.#parts.crash(crash, commit.number);
    if (crash === "after") {
      this.#apply(commit);
      return this.#parts.crash(crash, commit.number);
    }
    if (seenEarly && crash === undefined) this.#apply(commit);
    const end = (): void => this.#end(commit);
    const isHalf = crash === "lost" || crash === "kept";
    if (takesMs > 0) eventQueue.after(isHalf ? takesMs / 2 : takesMs, end);
    else eventQueue.soon(end);
  }

  #end(commit: Commit): void {
    if (this.#underWay !== commit) return;
    const { crash } = commit.fate;
    if (crash === "kept" || crash === "unsure" || crash === undefined) this.#apply(commit);
    if (crash === "refused" || crash === "unsure") return this.#fail(commit, crash);
    if (crash !== undefined) return this.#parts.crash(crash, commit.number);
    this.#underWay = undefined;
    this.#parts.trace.add({ event: "committed", commit: commit.number });
    commit.resolve();
  }

  /** The engine handles the error first, and may still log. Then its process ends. */
  #fail({ number, reject }: Commit, how: CrashMode): void {
    const session = this.#session;
    this.#underWay = undefined;
    if (session !== undefined) session.isFailing = true;
    reject(failingStoreError());
    this.#parts.eventQueue.last(() => {
      if (session?.isDead === false) this.#parts.crash(how, number);
    });
  }

  /** A memory store has applied a batch when its `commit` returns. */
  #apply(commit: Commit): void {
    if (commit.isThere) return;
    commit.isThere = true;
    this.#commits++;
    for (const { address } of commit.batch.values) this.#remember(address);
    this.content.commit(batchThroughText(commit.batch)).catch(this.#parts.fail);
  }

  #remember(address: Address): void {
    let known = this.#addresses.get(address.type);
    if (known === undefined)
      this.#addresses.set(address.type, (known = new Map<string, Address>()));
    known.set(addressKey(address), address);
  }

  #note(commit: number, batch: Batch): void {
    const { removed, removedDelayed, inserted, values } = batch;
    this.#parts.trace.add({
      event: "commit",
      commit,
      consumed: removed.length + removedDelayed.length,
      kept: inserted.length,
      written: values.length,
      digest: digestOfBatch(batch),
    });
  }
}

/** Leaves stacks out of the digest: the line that threw does not change the course of a run. */
function digestOfBatch(batch: Batch): string {
  const { removed, removedDelayed, inserted } = batch;
  const numbers = [removed, removedDelayed, inserted.map(({ seq, dueAt }) => [seq, dueAt])];
  return digest(
    JSON.stringify(numbers) + encodeBatch(batch).chunks.join("").replaceAll(STACK, ""),
  ).slice(0, 8);
}

/** A stack as JSON, or as JSON in a string of JSON. */
const STACK = /(\\*)"stack\1":\1"[^]*?(?<!\\)\1"/g;
