import { formatAddress } from "../../../src/core/message/address.ts";
import type { Address } from "../../../src/core/message/address.ts";
import type {
  StoredMessage,
  Batch,
  CrashMark,
  StoreInfo,
  StateRow,
  StateWrite,
  StoredDeadLetter,
  ScopeWatch,
} from "../../../src/stores/store.ts";

type Value = StateRow & { readonly address: Address };

/** The part of a store that a snapshot shows. */
interface SnapshotOptions {
  readonly addresses: readonly Address[];
  /** Prefixes of scopes. */
  readonly scopes: readonly string[];
  /** Ids of dead letters. */
  readonly letters: readonly string[];
  /** Time at which values count as expired. */
  readonly now: number;
}

/** The simplest store: lists, searched and sorted for every answer. */
export class StoreModel {
  #messages: readonly StoredMessage[] = [];
  #values: readonly Value[] = [];
  #watches: readonly ScopeWatch[] = [];
  #deadLetters: readonly StoredDeadLetter[] = [];
  #crashMarks: readonly CrashMark[] = [];

  /** Returns the facts that the next opening reports. */
  reopen(clean: boolean): Partial<StoreInfo> {
    if (clean) this.#crashMarks = [];
    const above = (numbers: readonly number[]): number => Math.max(0, ...numbers) + 1;
    const [seqs, rowIds] = [
      this.#messages.map(({ seq }) => seq),
      this.#values.map(({ rowId }) => rowId),
    ];
    return { nextSeq: above(seqs), nextRowId: above(rowIds), clean, crashMarks: this.#crashMarks };
  }

  /** Returns the `seq` of all messages of a kind. */
  numbers(which: "deliverable" | "delayed"): readonly number[] {
    return this.#messages.flatMap(({ seq, dueAt }) =>
      (dueAt === undefined) === (which === "deliverable") ? [seq] : [],
    );
  }

  /** Returns the row id of a value, if it exists. */
  rowIdOf(address: Address, name: string): number | undefined {
    return this.#valuesOf(address).find((held) => held.name === name)?.rowId;
  }

  /** Applies a batch, or returns `false` if a store must reject it. */
  apply(batch: Batch): boolean {
    const left = this.#messages.filter(({ seq, dueAt, token }) => {
      const removed = dueAt === undefined ? batch.removed : batch.removedDelayed;
      return !removed.includes(seq) && !batch.cancelledTokens.some((other) => other === token);
    });
    const messages = [...left, ...batch.inserted];
    const tokens = messages.flatMap(({ token }) => token ?? []);
    if (new Set(tokens).size < tokens.length) return false;
    this.#messages = messages;
    for (const write of batch.values) this.#write(write);
    const keys = [...batch.unwatched, ...batch.watched].map(showWatch);
    this.#watches = [
      ...this.#watches.filter((other) => !keys.includes(showWatch(other))),
      ...batch.watched,
    ];
    this.#deadLetters = [
      ...this.#deadLetters.filter(
        ({ envelope }) => !batch.deletedDeadLetters.includes(envelope.id),
      ),
      ...batch.addedDeadLetters,
    ];
    const unmarked = this.#crashMarks.filter((mark) =>
      batch.crashMarks.every(({ seq }) => seq !== mark.seq),
    );
    const marked = batch.crashMarks.filter(({ crashes }) => crashes > 0);
    this.#crashMarks = [...unmarked, ...marked].toSorted((one, other) => one.seq - other.seq);
    return true;
  }

  /** Returns the expected snapshot of a store with this content. */
  snapshot({ addresses, scopes, letters, now }: SnapshotOptions) {
    const deliverable = this.#messages.filter(({ dueAt }) => dueAt === undefined);
    const delayed = this.#messages.filter(({ dueAt }) => dueAt !== undefined);
    const inTime = delayed.toSorted((one, other) => (one.dueAt ?? 0) - (other.dueAt ?? 0));
    const expired = this.#values.filter(
      ({ value: { expiresAt } }) => expiresAt !== undefined && expiresAt <= now,
    );
    return {
      deliverable,
      page: deliverable.filter(({ seq }) => seq > 5).slice(0, 2),
      delayed: inTime,
      due: inTime.filter(({ dueAt }) => dueAt !== undefined && dueAt <= 5).slice(0, 2),
      nextDueAt: inTime[0]?.dueAt,
      scopes: scopes.map((scope) =>
        delayed.filter(({ envelope }) => envelope.scope?.startsWith(scope) === true),
      ),
      watches: scopes.map((prefix) =>
        this.#watches
          .flatMap((each) => (each.scope.startsWith(prefix) ? [showWatch(each)] : []))
          .sort(),
      ),
      state: addresses.map((address) =>
        this.#valuesOf(address).map(({ address: _, ...row }) => row),
      ),
      expired: expired
        .map(({ address, name, rowId }) => `${formatAddress(address)} ${name} ${rowId}`)
        .sort(),
      dead: this.#deadLetters,
      letters: letters.map((id) => this.#deadLetters.find(({ envelope }) => envelope.id === id)),
      count: {
        messages: deliverable.length,
        delayed: delayed.length,
        state: this.#values.length,
        watches: this.#watches.length,
        dead: this.#deadLetters.length,
      },
    };
  }

  #valuesOf(address: Address): readonly Value[] {
    const own = this.#values.filter(
      (held) => formatAddress(held.address) === formatAddress(address),
    );
    return own.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  }

  #write({ isNew, value, ...where }: StateWrite): void {
    const others = this.#values.filter(({ rowId }) => rowId !== where.rowId);
    if (!isNew && others.length === this.#values.length) return;
    this.#values = value === undefined ? others : [...others, { ...where, value }];
  }
}

/** Returns a watch as one text, to compare watches in any order. */
export function showWatch({ scope, address, token }: ScopeWatch): string {
  return `${scope} ${formatAddress(address)} ${token}`;
}
