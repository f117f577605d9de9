import { fn, stateful, value } from "../../../../src/index.ts";

/** Egress of the replies to clients. */
export const REPLIES = "harness/out";

export const account = stateful("bank/account", {
  state: { cents: value(0) },
  handlers: {
    add: (ctx, cents: number) => (ctx.state.cents += cents),
    read: (ctx) => ctx.state.cents,
  },
});

/** Joins three branches, waits, and counts once: 12 cents. */
export const transfer = fn("bank/transfer", (ctx, to: string) => {
  const parts = [1, 2, 3].map((cents) =>
    ctx.invoke(double, cents, { after: [ctx.sleep(50 * cents)] }),
  );
  return ctx.onComplete(ctx.all(parts), deposit, { to });
});

const double = fn("bank/double", (_, cents: number) => 2 * cents);

const deposit = fn(
  "bank/deposit",
  (ctx, { result, args }: { result: readonly number[]; args: { to: string } }) =>
    ctx.invoke(account.add, sum(result), { id: args.to }),
);

/** Ends its process each time, as a bug in native code does. */
export const deadly = fn("bank/deadly", (): string => {
  process.kill(process.pid, "SIGKILL");
  return "alive";
});

export const BANK = [account, transfer, double, deposit, deadly];

const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0);
