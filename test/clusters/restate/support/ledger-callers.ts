import { restate } from "handback/restate";
import type { Restate } from "handback/restate";
import { ledger } from "./ledger-functions.ts";
import type { Addition } from "./ledger-functions.ts";

const CALLERS = 8;
const ACCOUNTS = 5;

/** The content of an account. */
export interface Balance {
  readonly sum: number;
  readonly additions: number;
}

/** Callers that start one flow of the ledger after the other, and keep accounts of their own. */
export class LedgerCallers {
  readonly #client: Restate;
  readonly #over = new AbortController();
  readonly #expected = new Map<string, Balance>();
  readonly #calling: Promise<unknown>;
  #flows = 0;
  #endedAt = performance.now();
  #longestGapMs = 0;

  constructor(ingress: readonly string[]) {
    const functions = [ledger.add];
    const requestTimeout = "2m";
    this.#client = restate({ functions, application: "ledger", ingress, requestTimeout });
    this.#calling = Promise.all(Array.from({ length: CALLERS }, (_, caller) => this.#call(caller)));
    // The failure is that of `end`.
    this.#calling.catch(() => this.#over.abort());
  }

  /** Number of flows that have ended. */
  get flows(): number {
    return this.#flows;
  }

  /** Longest time in which no flow ended, in ms. */
  get longestGapMs(): number {
    return this.#longestGapMs;
  }

  /** Aborted once the callers are ended, or one of them has failed. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  /** Returns the accounts, once every caller has ended its flow: as they are, and as they must be. */
  async end(): Promise<Record<"actual" | "expected", Readonly<Record<string, Balance>>>> {
    this.#over.abort();
    await this.#calling;
    const ids = [...this.#expected.keys()];
    const { client } = this.#client;
    const balances = await Promise.all(
      ids.map(
        async (id) => [id, await client.call(ledger.account.read, undefined, { id })] as const,
      ),
    );
    return {
      actual: Object.fromEntries(balances),
      expected: Object.fromEntries(this.#expected),
    };
  }

  close(): void {
    this.#over.abort();
    this.#client.close();
  }

  async #call(caller: number): Promise<void> {
    for (let n = 0; !this.#over.signal.aborted; n++) {
      const addition = additionOf(caller, n);
      const { client } = this.#client;
      // A call without a key counts once because each of its requests has a key of its own.
      const count = await (n % 2 === 0
        ? client.call(ledger.add, addition)
        : client
            .start(ledger.add, addition, { key: `c${caller}-${n}` })
            .then((flow) => flow.result()));
      if (count !== addition.accounts.length) throw new Error(`a flow returned ${count}`);
      this.#note(addition);
    }
  }

  #note({ accounts, amount }: Addition): void {
    this.#flows++;
    const now = performance.now();
    this.#longestGapMs = Math.max(this.#longestGapMs, now - this.#endedAt);
    this.#endedAt = now;
    for (const account of accounts) {
      const { sum, additions } = this.#expected.get(account) ?? { sum: 0, additions: 0 };
      this.#expected.set(account, { sum: sum + amount, additions: additions + 1 });
    }
  }
}

function additionOf(caller: number, n: number): Addition {
  const first = caller + n;
  const accounts = [first, first + 1, first + 3].map((each) => `a${each % ACCOUNTS}`);
  return { accounts, amount: 1 + (n % 7) };
}
