import { embedded, fn, memory, stateful, value } from "handback";
import type { Embedded, EmbeddedOptions, Future } from "handback";
import { approval } from "handback/patterns";
import { onTestFinished } from "vitest";
import { VirtualClock } from "../../src/testing/simulation/machine/virtual-clock.ts";

/** An order of the shop. */
export interface Order {
  readonly id: string;
  readonly total: number;
  readonly channels: readonly string[];
}

/** A shop with a history of flows, in virtual time. */
export interface Shop {
  readonly engine: Embedded;
  readonly clock: VirtualClock;
  readonly functions: readonly object[];
}

const HOUR_MS = 3_600_000;

/** Makes the functions of the shop. Their work takes virtual time. */
function shopFunctions(work: (ms: number) => Promise<void>) {
  let charges = 0;
  const reserve = fn("shop/reserve", async (_, order: Order) => {
    await work(25);
    return { order: order.id, shelf: 7 };
  });
  const charge = fn(
    "shop/charge",
    { retry: { maxAttempts: 3, initialDelay: "1s" } },
    async (_, { cents }: { cents: number; reserved: unknown }) => {
      await work(178);
      if (charges++ === 0) throw new Error("503 from the bank");
      return { paid: cents };
    },
  );
  const ask = fn("shop/ask", async (_, _request: unknown) => work(8));
  const approve = approval("shop/approve", {
    ask,
    approvers: () => ["ada", "bob", "cy"],
    quorum: 2,
  });
  const gateway = fn("shop/gateway", async () => {
    await work(320);
    return "sent";
  });
  const notify = fn(
    "shop/notify",
    async (ctx, { channel }: { channel: string; approved: unknown }) => {
      await work(85);
      if (channel === "sms") await ctx.get(ctx.invoke(gateway));
      await work(channel === "sms" ? 40 : 150);
      return channel;
    },
  );
  const receipt = fn("shop/receipt", async (ctx, done: { charged: unknown; notices: unknown }) => {
    ctx.setStatus({ step: "receipt" });
    await work(430);
    return done;
  });
  const approveFirst = fn("shop/checkout", (ctx, order: Order): Future<unknown> => {
    ctx.setAttributes({ customer: `c-${order.total % 9}`, express: order.total > 40 });
    const reserved = ctx.invoke(reserve, order);
    const charged = ctx.invoke(charge, { cents: order.total, reserved });
    const approved = ctx.invoke(approve, { order: order.id }, { id: order.id, after: [charged] });
    const notices = order.channels.map((channel) => ctx.invoke(notify, { channel, approved }));
    return ctx.invoke(receipt, { charged, notices });
  });
  const refund = fn("shop/refund", { whenFailed: "pause" }, async (_, cents: number) => {
    await work(12);
    if (cents > 100) throw new RangeError(`<b>${cents}</b> cents are too many`);
    return cents;
  });
  const tell = fn("shop/tell", (ctx, words: string) => {
    for (const word of words.split(" ")) void ctx.emit("words", word);
    return ctx.event("heard");
  });
  const cart = stateful("shop/cart", {
    state: { items: value<readonly string[]>([]) },
    handlers: {
      add: (ctx, item: string) => void (ctx.state.items = [...ctx.state.items, item]),
    },
  });
  const audit = fn("shop/audit", () => {
    throw new Error("the audit log is full");
  });
  const close = fn("shop/close-day", (ctx) => ctx.send(audit));
  const sold = fn("shop/sell", () => {
    throw new Error("sold out");
  });
  return {
    reserve,
    charge,
    ask,
    approve,
    gateway,
    notify,
    receipt,
    checkout: approveFirst,
    refund,
    tell,
    cart,
    audit,
    close,
    sold,
  };
}

/** Opens a shop. Each order, approval, failure and letter that a page can show is there. */
export async function openShop(options: Partial<EmbeddedOptions> = {}): Promise<Shop> {
  const clock = new VirtualClock();
  const work = (ms: number): Promise<void> =>
    new Promise((resolve) => void clock.setTimer(ms, resolve));
  const made = shopFunctions(work);
  const functions = Object.values(made);
  const engine = await embedded({
    functions,
    store: memory(),
    clock,
    history: true,
    log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    ...options,
  });
  onTestFinished(() => clock.until(engine.close()));
  clock.skip(Date.parse("2030-03-05T09:14:03Z") - clock.now());
  await fillShop({ engine, clock }, made);
  return { engine, clock, functions };
}

const ignore = (): void => undefined;

async function fillShop(
  { engine, clock }: Pick<Shop, "engine" | "clock">,
  made: ReturnType<typeof shopFunctions>,
): Promise<void> {
  const { client } = engine;
  const order: Order = { id: "order-1", total: 42, channels: ["mail", "sms"] };
  await clock.until(client.start(made.checkout, order, { key: "order-1" }));
  await pass(clock, 28 * HOUR_MS);
  for (const [by, waitMs] of [
    ["ada", 24 * HOUR_MS],
    ["bob", 5_000],
  ] as const) {
    await clock.until(
      client.call(made.approve.decide, { by, decision: "approve" }, { id: "order-1" }),
    );
    await pass(clock, waitMs);
  }
  await clock.until(
    client.start(made.checkout, { ...order, id: "order-2", total: 17 }, { key: "order-2" }),
  );
  await clock.until(client.start(made.refund, 250, { key: "refund-1" }));
  await clock.until(client.start(made.tell, "all is well", { key: "news-1" }));
  await clock.until(client.call(made.sold, undefined, { key: "sale-1" }).catch(ignore));
  await clock.until(client.call(made.close, undefined, { key: "day-1" }));
  for (const id of ["cart-1", "cart-2"])
    await clock.until(client.call(made.cart.add, "tea", { id, key: `add-${id}` }));
  await clock.until(client.start(made.tell, "to be canceled", { key: "news-2" }));
  await clock.until(client.cancel("news-2"));
  await pass(clock, 3 * HOUR_MS);
}

/** Lets work end, and passes over the time in which nothing happens. */
async function pass(clock: VirtualClock, ms: number): Promise<void> {
  await clock.advance(5_000);
  clock.skip(ms - 5_000);
  await clock.advance(0);
}
