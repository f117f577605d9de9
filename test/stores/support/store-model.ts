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

/** What is to be shown of a store. */
interface Shown {
  readonly addresses: readonly Address[];
  /** Beginnings of scopes' names. */
  readonly scopes: readonly string[];
  /** Ids of messages that are dead. */
  readonly letters: readonly string[];
  /** By when values have expired. */
  readonly now: number;
}

/** A store as plainly as it can be said: lists, searched and sorted at every turn. */
export class StoreModel {
  #messages: readonly StoredMessage[] = [];
  #values: readonly Value[] = [];
  #watches: readonly ScopeWatch[] = [];
  #dead: readonly StoredDeadLetter[] = [];
  #marks: readonly CrashMark[] = [];

  /** What opening it again tells. */
  reopen(clean: boolean): Partial<StoreInfo> {
    if (clean) this.#marks = [];
    const above = (numbers: readonly number[]): number => Math.max(0, ...numbers) + 1;
    const [seqs, places] = [
      this.#messages.map(({ seq }) => seq),
      this.#values.map(({ rowId }) => rowId),
    ];
    return { nextSeq: above(seqs), nextRowId: above(places), clean, marks: this.#marks };
  }

  /** Numbers of the messages that are there. */
  numbers(which: "deliverable" | "delayed"): readonly number[] {
    return this.#messages.flatMap(({ seq, dueAt }) =>
      (dueAt === undefined) === (which === "deliverable") ? [seq] : [],
    );
  }

  /** The place of a value, if it is there. */
  placeOf(address: Address, name: string): number | undefined {
    return this.#valuesOf(address).find((held) => held.name === name)?.rowId;
  }

  /** Applies a batch, or tells by `false` that it must be refused. */
  apply(batch: Batch): boolean {
    const left = this.#messages.filter(({ seq, dueAt, token }) => {
      const gone = dueAt === undefined ? batch.removed : batch.removedDelayed;
      return !gone.includes(seq) && !batch.cancelled.some((other) => other === token);
    });
    const messages = [...left, ...batch.inserted];
    const tokens = messages.flatMap(({ token }) => token ?? []);
    if (new Set(tokens).size < tokens.length) return false;
    this.#messages = messages;
    for (const write of batch.state) this.#write(write);
    const keys = [...batch.unwatched, ...batch.watched].map(showWatching);
    this.#watches = [
      ...this.#watches.filter((other) => !keys.includes(showWatching(other))),
      ...batch.watched,
    ];
    this.#dead = [
      ...this.#dead.filter(({ envelope }) => !batch.deletedDeadLetters.includes(envelope.id)),
      ...batch.dead,
    ];
    const unmarked = this.#marks.filter((mark) => batch.marks.every(({ seq }) => seq !== mark.seq));
    const marked = batch.marks.filter(({ crashes }) => crashes > 0);
    this.#marks = [...unmarked, ...marked].toSorted((one, other) => one.seq - other.seq);
    return true;
  }

  /** What a store of this content would show. */
  snapshot({ addresses, scopes, letters, now }: Shown) {
    const ready = this.#messages.filter(({ dueAt }) => dueAt === undefined);
    const delayed = this.#messages.filter(({ dueAt }) => dueAt !== undefined);
    const inTime = delayed.toSorted((one, other) => (one.dueAt ?? 0) - (other.dueAt ?? 0));
    const expired = this.#values.filter(
      ({ value: { expiresAt } }) => expiresAt !== undefined && expiresAt <= now,
    );
    return {
      ready,
      page: ready.filter(({ seq }) => seq > 5).slice(0, 2),
      delayed: inTime,
      due: inTime.filter(({ dueAt }) => dueAt !== undefined && dueAt <= 5).slice(0, 2),
      nextDueAt: inTime[0]?.dueAt,
      scopes: scopes.map((scope) =>
        delayed.filter(({ envelope }) => envelope.scope?.startsWith(scope) === true),
      ),
      watches: scopes.map((prefix) =>
        this.#watches
          .flatMap((each) => (each.scope.startsWith(prefix) ? [showWatching(each)] : []))
          .sort(),
      ),
      state: addresses.map((address) =>
        this.#valuesOf(address).map(({ address: _, ...row }) => row),
      ),
      expired: expired
        .map(({ address, name, rowId }) => `${formatAddress(address)} ${name} ${rowId}`)
        .sort(),
      dead: this.#dead,
      letters: letters.map((id) => this.#dead.find(({ envelope }) => envelope.id === id)),
      count: {
        messages: ready.length,
        delayed: delayed.length,
        state: this.#values.length,
        watches: this.#watches.length,
        dead: this.#dead.length,
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

/** A watch as one text: that they are found counts, not in which order. */
export function showWatching({ scope, address, token }: ScopeWatch): string {
  return `${scope} ${formatAddress(address)} ${token}`;
}
