import { fn, stateful, value } from "../../src/index.ts";
import type { Future } from "../../src/index.ts";

/** An order of the shop in these tests. */
export interface Order {
  readonly id: string;
  readonly channels: readonly string[];
}

export const ORDER: Order = { id: "o1", channels: ["mail", "sms"] };

/** Counts the effects of each request. */
export const ledger = stateful("shop/ledger", {
  state: { requests: value<Record<string, number>>({}) },
  handlers: {
    book(ctx, request: string) {
      ctx.state.requests[request] = (ctx.state.requests[request] ?? 0) + 1;
      return ctx.state.requests[request];
    },
  },
});

export const charge = fn("shop/charge", (ctx, { id }: Order) =>
  ctx.invoke(ledger.book, id, { id: "bank" }),
);

const notify = fn("shop/notify", (ctx, { channel }: { channel: string; charged: number }) => {
  ctx.egress("shop/messages", channel);
  return ctx.invoke(ledger.book, channel, { id: "post" });
});

export const checkout = fn(
  "shop/checkout",
  (ctx, order: Order): Future<{ charged: number; notices: number[] }> => {
    const charged = ctx.invoke(charge, order);
    const notices = order.channels.map((channel) => ctx.invoke(notify, { channel, charged }));
    return ctx.onComplete(ctx.sleep("1h"), receipt, { charged, notices });
  },
);

const receipt = fn(
  "shop/receipt",
  (_, { args }: { result: void; args: { charged: number; notices: number[] } }) => args,
);

export const shop = [ledger, charge, notify, checkout, receipt];

export const egress = { "shop/messages": () => undefined };
