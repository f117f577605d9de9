import { formatAddress } from "../../src/core/address.ts";
import type { Address } from "../../src/core/address.ts";
import type { Batch, StateWrite, StoredDeadLetter, StoredMessage } from "../../src/engines/embedded/store.ts";

/** A store as plainly as it can be said: lists, searched and sorted at every turn. */
export class StoreModel {
  #messages: readonly StoredMessage[] = [];
  #values: readonly StateWrite[] = [];
  #dead: readonly StoredDeadLetter[] = [];

  /** Applies a batch, or tells by `false` that it must be refused. */
  apply(batch: Batch): boolean {
    const left = this.#messages.filter(({ seq, dueAt, token }) => {
      const gone = dueAt === undefined ? batch.removed : batch.elapsed;
      return !gone.includes(seq) && !batch.cancelled.some((other) => other === token);
    });
    const messages = [...left, ...batch.inserted];
    const tokens = messages.flatMap(({ token }) => token ?? []);
    if (new Set(messages.map(({ seq }) => seq)).size < messages.length || new Set(tokens).size < tokens.length) return false;
    this.#messages = messages.toSorted((one, other) => one.seq - other.seq);
    for (const write of batch.state) this.#values = [...this.#values.filter((held) => place(held) !== place(write)), write];
    this.#values = this.#values.filter(({ text }) => text !== null);
    this.#dead = [...this.#dead, ...batch.dead];
    return true;
  }

  /** What a store of this content would show, `now` being the instant of its expiries. */
  snapshot(addresses: readonly Address[], scopes: readonly string[], now: number) {
    const ready = this.#messages.filter(({ dueAt }) => dueAt === undefined);
    const delayed = this.#messages
      .filter(({ dueAt }) => dueAt !== undefined)
      .toSorted((one, other) => (one.dueAt ?? 0) - (other.dueAt ?? 0));
    const expired = this.#values.filter(({ expiresAt }) => expiresAt !== undefined && expiresAt <= now);
    return {
      ready,
      page: ready.filter(({ seq }) => seq > 1_000).slice(0, 2),
      delayed,
      due: delayed.filter(({ dueAt }) => dueAt !== undefined && dueAt <= 5).slice(0, 2),
      nextDueAt: delayed[0]?.dueAt,
      scopes: scopes.map((scope) => this.#messages.filter((message) => message.scope?.startsWith(scope) === true)),
      state: addresses.map((address) => this.#valuesOf(address)),
      expired: expired.map(({ address, name }) => `${address.type} ${address.id} ${name}`).sort(),
      dead: this.#dead,
      count: { messages: ready.length, delayed: delayed.length, state: this.#values.length, dead: this.#dead.length },
    };
  }

  #valuesOf(address: Address) {
    const own = this.#values.filter((held) => formatAddress(held.address) === formatAddress(address));
    return own.toSorted((one, other) => (one.name < other.name ? -1 : 1)).map(({ address: _, ...row }) => row);
  }
}

function place({ address, name }: StateWrite): string {
  return `${formatAddress(address)} ${name}`;
}
