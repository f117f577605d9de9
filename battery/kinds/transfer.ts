import { fn, stateful, value } from "../../src/index.ts";
import type { Future } from "../../src/index.ts";
import { recordEffect, writeEntry } from "../client/ledger-writer.ts";
import { exists, valueOf } from "../history/history.ts";
import type { Flow } from "../history/history.ts";
import type { Violation } from "../history/verdict.ts";
import { diceOf } from "../plan/operation.ts";
import type { Operation } from "../plan/operation.ts";
import { nameOf } from "./kind.ts";
import type { Kind, Place, States } from "./kind.ts";

const ACCOUNTS = 8;
const OPENING_BALANCE = 1_000;
const MOST = 300;

const account = stateful("battery/account", {
  state: { balance: value(OPENING_BALANCE), out: value(0), in: value(0) },
  handlers: {
    withdraw(ctx, { op, amount }: Transfer): boolean {
      recordEffect(ctx, { op, part: "withdraw", value: amount });
      if (ctx.state.balance < amount) return false;
      ctx.state.balance -= amount;
      ctx.state.out++;
      return true;
    },
    deposit(ctx, { op, amount }: Transfer): string {
      recordEffect(ctx, { op, part: "deposit", value: amount });
      ctx.state.balance += amount;
      ctx.state.in++;
      ctx.egress(RECEIPTS, { op });
      return "moved";
    },
  },
});

interface Transfer {
  readonly op: number;
  readonly from: string;
  readonly to: string;
  readonly amount: number;
}

const transfer = fn("battery/transfer", (ctx, input: Transfer) =>
  ctx.onComplete(ctx.invoke(account.withdraw, input, { id: input.from }), deposited, input),
);
const deposited = fn(
  "battery/deposited",
  (ctx, { result, args }: { result: boolean; args: Transfer }): string | Future<string> =>
    result ? ctx.invoke(account.deposit, args, { id: args.to }) : "refused",
);

/** Type of the egress that gets a receipt of every transfer. */
const RECEIPTS = "battery/receipts";

/** The sink of receipts. */
export const receipts = {
  [RECEIPTS]: (value: unknown, { id }: { readonly id: string }): void => {
    writeEntry({ what: "effect", op: (value as { op: number }).op, part: "receipt", key: id });
  },
};

/**
 * Transfers between accounts: each counts once, the total stays the same, and each has a receipt.
 */
export const transfers: Kind = {
  name: "transfer",
  functions: [account, transfer, deposited],
  async perform(operation, recorder) {
    const handle = await recorder.begin(operation, () =>
      recorder.client.start(transfer, transferOf(operation), { id: operation.key }),
    );
    if (handle !== undefined) await recorder.finish(operation, handle);
  },
  booked: () => ({ certain: [] }),
  places: () => Array.from({ length: ACCOUNTS }, (_, index) => placeOf(index)),
  *check(flows, states) {
    const there = flows.filter(exists);
    for (let index = 0; index < ACCOUNTS; index++) yield* checkAccount(index, there, states);
    const sum = Array.from(
      { length: ACCOUNTS },
      (_, index) => stateOf(index, states).balance,
    ).reduce((all, each) => all + each);
    const before = ACCOUNTS * OPENING_BALANCE;
    if (sum !== before)
      yield {
        what: sum < before ? "lost" : "duplicated",
        operation: "accounts",
        said: `hold ${sum}, and held ${before}`,
      };
    for (const { operation, effects, doubtful } of there.filter(
      (flow) => valueOf(flow) === "moved",
    )) {
      if (![...effects, ...doubtful].some(({ part }) => part === "receipt"))
        yield { what: "lost", operation: operation.key, said: "there is no receipt of it" };
    }
  },
};

function* checkAccount(index: number, flows: readonly Flow[], states: States): Iterable<Violation> {
  const { balance, out, in: into } = stateOf(index, states);
  const operation = accountOf(index);
  const moved = flows
    .filter((flow) => valueOf(flow) === "moved")
    .map((flow) => transferOf(flow.operation));
  const [given, taken] = [
    moved.filter(({ from }) => from === operation),
    moved.filter(({ to }) => to === operation),
  ];
  yield* compare({ operation, what: "withdrawals", counted: out, moved: given.length });
  yield* compare({ operation, what: "deposits", counted: into, moved: taken.length });
  const expected = OPENING_BALANCE - sumOf(given) + sumOf(taken);
  if (balance !== expected)
    yield { what: "wrong", operation, said: `holds ${balance}, and should hold ${expected}` };
}

function* compare({
  operation,
  what,
  counted,
  moved,
}: {
  operation: string;
  what: string;
  counted: number;
  moved: number;
}): Iterable<Violation> {
  if (counted === moved) return;
  yield {
    what: counted < moved ? "lost" : "duplicated",
    operation,
    said: `counted ${counted} ${what}, of ${moved} transfers`,
  };
}

function sumOf(transfers: readonly Transfer[]): number {
  return transfers.reduce((sum, { amount }) => sum + amount, 0);
}

function stateOf(
  index: number,
  states: States,
): { readonly balance: number; readonly out: number; readonly in: number } {
  const untouched = { balance: OPENING_BALANCE, out: 0, in: 0 };
  return (states.get(nameOf(placeOf(index))) as typeof untouched | null | undefined) ?? untouched;
}

/** Returns the accounts and the amount of a transfer. */
export function transferOf(operation: Operation): Transfer {
  const dice = diceOf(operation);
  const from = dice.below(ACCOUNTS);
  const to = (from + 1 + dice.below(ACCOUNTS - 1)) % ACCOUNTS;
  return {
    op: operation.number,
    from: accountOf(from),
    to: accountOf(to),
    amount: 1 + dice.below(MOST),
  };
}

function accountOf(index: number): string {
  return `account ${index}`;
}

function placeOf(index: number): Place {
  return { of: account, id: accountOf(index) };
}
