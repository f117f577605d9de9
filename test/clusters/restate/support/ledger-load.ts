import type { Client } from "handback";
import { expect, vi } from "vitest";
import { ledger } from "./ledger-functions.ts";
import type { Addition } from "./ledger-functions.ts";

const ACCOUNTS = 7;

/** Callers that add to the accounts of the ledger, one addition after the other each. */
export class LedgerLoad {
  readonly #clients: readonly Client[];
  readonly #name: string;
  readonly #expected = new Map<string, number>();
  readonly #over = new AbortController();
  readonly #calling: Promise<unknown>;
  /** Instants of the acknowledged calls, in ms. */
  readonly #acknowledged: number[] = [performance.now()];

  /** `name` begins the keys of its flows. The callers take turns with the clients. */
  constructor(name: string, clients: readonly Client[], callers: number) {
    this.#name = name;
    this.#clients = clients;
    const calls = Array.from({ length: callers }, (_, caller) => this.#call(caller));
    this.#calling = Promise.all(calls);
    // A failure of a caller ends the test where it waits for the load.
    this.#calling.catch(() => undefined);
  }

  /** Number of the acknowledged calls. */
  get calls(): number {
    return this.#acknowledged.length - 1;
  }

  /** Waits until `more` calls have been acknowledged. */
  async progress(more: number): Promise<void> {
    const enough = this.calls + more;
    const isEnough = (): void => expect(this.calls).toBeGreaterThanOrEqual(enough);
    const reached = vi.waitFor(isEnough, { timeout: 120_000, interval: 50 });
    await Promise.race([reached, this.#calling]);
  }

  /** Returns the longest time without an acknowledged call since an instant, in seconds. */
  longestGap(since: number): number {
    const instants = this.#acknowledged.filter((each, at, all) => (all[at + 1] ?? each) > since);
    const gaps = instants.slice(1).map((each, at) => each - Math.max(since, instants[at] ?? since));
    return Math.max(0, ...gaps) / 1_000;
  }

  /** Lets the callers end. Returns the sums of the accounts, as they should be and as they are. */
  async end(): Promise<Readonly<Record<"expected" | "found", Readonly<Record<string, number>>>>> {
    this.#over.abort();
    await this.#calling;
    const found: Record<string, number> = {};
    for (const id of this.#expected.keys()) {
      const account = await this.#clients[0]?.call(ledger.account.read, undefined, { id });
      found[id] = account?.sum ?? 0;
    }
    return { expected: Object.fromEntries(this.#expected), found };
  }

  async #call(caller: number): Promise<void> {
    const client = this.#clients[caller % this.#clients.length];
    if (client === undefined) throw new RangeError("expected a client");
    for (let n = 0; !this.#over.signal.aborted; n++) {
      const addition = this.#additionOf(caller, n);
      // With a key of the caller, or with that of the client alone.
      const key = `${this.#name}-${caller}-${n}`;
      const count =
        caller % 2 === 0
          ? await client.call(ledger.add, addition)
          : await (await client.start(ledger.add, addition, { key })).result();
      if (count !== addition.accounts.length) throw new Error(`${count} accounts were added to`);
      this.#acknowledged.push(performance.now());
      for (const account of addition.accounts)
        this.#expected.set(account, (this.#expected.get(account) ?? 0) + addition.amount);
    }
  }

  #additionOf(caller: number, n: number): Addition {
    const first = caller + n;
    const accounts = [first, first + 1, first + 3].map((each) => `${this.#name}${each % ACCOUNTS}`);
    return { accounts, amount: 1 + (n % 5) };
  }
}
