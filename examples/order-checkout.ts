/**
 * Shows a chain: checks, reserves, charges and ships an order, one step after another.
 *
 * The steps are ordinary functions that do not know each other. Between them are a mapping, a step
 * whose result is not needed (`tap`), and a choice. No function is billed while it waits. The naive
 * version at the end does the same in one function, which is billed while its steps work.
 */
import { embedded, fn, HandbackError, memory } from "handback";
import { chain, choose, keep, tap } from "handback/patterns";
import { setTimeout } from "node:timers/promises";

type Order = { id: string; item: string; cents: number; express: boolean };
type Reserved = Order & { shelf: number };
type Paid = Reserved & { receipt: string };

/** Simulates work, such as a call to another service. */
const work = (ms: number) => setTimeout(ms);

const check = fn("checkout/check", async (_, order: Order) => {
  await work(10);
  if (order.cents <= 0) throw new RangeError(`order ${order.id} costs nothing`);
  return order;
});
const reserve = fn("checkout/reserve", async (_, order: Order): Promise<Reserved> => {
  await work(30);
  return { ...order, shelf: order.item.length };
});
const audit = fn("checkout/audit", (ctx, order: Reserved) => {
  ctx.log.info(`order ${order.id} is on shelf ${order.shelf}`);
});
/** A real charge passes `ctx.idempotencyKey` to the bank: after a crash it is the same again. */
const charge = fn("checkout/charge", async (_, order: Reserved) => {
  await work(40);
  return `charged ${order.cents} cents`;
});
const courier = fn("checkout/courier", async (_, paid: Paid) => {
  await work(20);
  return `${paid.id} by courier, ${paid.receipt}`;
});
const post = fn("checkout/post", async (_, paid: Paid) => {
  await work(20);
  return `${paid.id} by post, ${paid.receipt}`;
});

const checkout = chain(
  "checkout/checkout",
  check,
  reserve,
  tap(audit), // waits for the audit, and passes the reservation on
  keep(charge), // returns [reservation, receipt]
  ([order, receipt]): Paid => ({ ...order, receipt }),
  choose({ courier, post }, (paid) => (paid.express ? "courier" : "post")),
);

/** The naive version: blocks on each step, and is billed while the steps work. */
const parts = [check, reserve, audit, charge, courier, post];
const naive = fn("checkout/naive", { parts }, async (ctx, order: Order) => {
  const checked = await ctx.get(ctx.invoke(check, order));
  const reserved = await ctx.get(ctx.invoke(reserve, checked));
  await ctx.get(ctx.invoke(audit, reserved));
  const receipt = await ctx.get(ctx.invoke(charge, reserved));
  return ctx.get(ctx.invoke(order.express ? courier : post, { ...reserved, receipt }));
});

const engine = await embedded({ functions: [checkout, naive], store: memory() });
const order: Order = { id: "o1", item: "teapot", cents: 4200, express: true };

console.log(await engine.client.call(checkout, order, { id: "split" }));
console.log(await engine.client.call(naive, order, { id: "naive" }));

const free = { ...order, cents: 0 };
const refused: unknown = await engine.client.call(checkout, free).catch((error: unknown) => error);
if (HandbackError.is(refused, "STEP_FAILED")) console.log(refused.message);

for (const id of ["split", "naive"]) {
  const { billedMs, blockedMs, beta } = await engine.meter.flow(id);
  const [billed, waiting] = [billedMs.toFixed(0), blockedMs.toFixed(0)];
  console.log(`${id}: billed ${billed} ms, waiting ${waiting} ms, beta ${beta.toFixed(3)}`);
}
await engine.close();
