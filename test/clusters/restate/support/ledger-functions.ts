import { fn, stateful, value } from "../../../../src/index.ts";
import type { Context } from "../../../../src/index.ts";

/** An addition to some accounts, which must count once. */
export interface Addition {
  readonly accounts: readonly string[];
  readonly amount: number;
}

const account = stateful("ledger/account", {
  state: { sum: value(0), additions: value(0) },
  handlers: {
    add(ctx, amount: number) {
      noteRun(ctx);
      ctx.state.additions++;
      return (ctx.state.sum += amount);
    },
    read: (ctx) => ({ sum: ctx.state.sum, additions: ctx.state.additions }),
  },
});

const check = fn("ledger/check", (ctx, addition: Addition) => {
  noteRun(ctx);
  return addition;
});
const halve = fn("ledger/halve", (ctx, amount: number) => {
  noteRun(ctx);
  return amount / 2;
});
const total = fn("ledger/total", (_, sums: readonly number[]) => sums.length);

/** Adds an amount to each account, after steps that have no state. */
const spread = fn(
  "ledger/spread",
  { parts: [account, halve, total] },
  (ctx, addition: Addition) => {
    const half = ctx.invoke(halve, addition.amount * 2);
    const sums = addition.accounts.map((id) => ctx.invoke(account.add, half, { id }));
    return ctx.onComplete(ctx.all(sums), total);
  },
);
const add = fn("ledger/add", { parts: [check, spread] }, (ctx, addition: Addition) =>
  ctx.onComplete(ctx.invoke(check, addition), spread),
);

/** Logs a run of a handler. A repeated run has the same key. */
function noteRun({ log, idempotencyKey }: Pick<Context, "log" | "idempotencyKey">): void {
  log.info(idempotencyKey);
}

/** Functions whose effects a test counts. */
export const ledger = { account, add };
