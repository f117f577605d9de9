import { fn, stateful, value } from "handback";
import type { Future } from "handback";

export interface Order {
  readonly id: string;
  readonly cents: number;
}

/** A bank outside of the system. It repeats every charge, unless it knows the idempotency key. */
export class Bank {
  readonly charges: Order[] = [];
  readonly #keys = new Set<string>();

  charge(order: Order, key?: string): void {
    if (key !== undefined && this.#keys.has(key)) return;
    if (key !== undefined) this.#keys.add(key);
    this.charges.push(order);
  }
}

/** A checkout that charges the bank, with the idempotency key (safe) or without. */
export function makeCheckout(bank: Bank, isSafe: boolean) {
  const reserve = fn("shop/reserve", (_, { id }: Order) => ({ shelf: 7, id }));
  const charge = fn(
    "shop/charge",
    (ctx, { order }: { order: Order; reserved: { shelf: number } }) => {
      if (isSafe) bank.charge(order, ctx.idempotencyKey);
      else bank.charge(order);
      return "paid";
    },
  );
  const checkout = fn("shop/checkout", (ctx, order: Order): Future<string> => {
    const reserved = ctx.invoke(reserve, order);
    return ctx.invoke(charge, { order, reserved });
  });
  return { checkout, functions: [reserve, charge, checkout] };
}

/** A counter that hands out numbers, from its state (safe) or from a variable of its process. */
export function makeNumbers(isSafe: boolean) {
  const type = "shop/numbers";
  const safe = () =>
    stateful(type, { state: { last: value(0) }, handlers: { next: (ctx) => ++ctx.state.last } });
  const unsafe = () => {
    let last = 0;
    return stateful(type, { state: { last: value(0) }, handlers: { next: () => ++last } });
  };
  return { numbers: safe(), functions: () => [isSafe ? safe() : unsafe()] };
}
