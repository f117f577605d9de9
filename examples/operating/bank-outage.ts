/**
 * Shows an incident: the bank is down, 300 orders pause, and each is charged once in the end.
 *
 * `whenFailed: "pause"` puts a failed charge aside with everything that waits for it. Nothing has
 * failed, so nothing is compensated and no customer hears of it. The operator finds the orders by
 * status, deploys a fix, and resumes them. Each runs again under its old idempotency key, so the
 * bank knows the charges that it had made before it answered with an error.
 */
import { embedded, fn, memory } from "handback";
import type { Context } from "handback";
import { chain } from "handback/patterns";

type Order = { customer: string; cents: number };

/** The bank, outside of the engine. It charges once for each idempotency key. */
const charged = new Map<string, number>();
let bankIsUp = true;

/** The first version loses the answer of the bank while the bank is down. */
function chargeV1(ctx: Context, order: Order): Order {
  const isLost = !bankIsUp && charged.size % 2 === 0;
  if (bankIsUp || isLost) charged.set(ctx.idempotencyKey, order.cents);
  if (!bankIsUp) throw new Error("503 from the bank");
  return order;
}

/** The second version uses another address of the bank, which is up. */
function chargeV2(ctx: Context, order: Order): Order {
  charged.set(ctx.idempotencyKey, order.cents);
  return order;
}

/** The functions of a release. Only the charge differs. */
function release(charge: (ctx: Context, order: Order) => Order) {
  const attributed = fn("outage/accept", (ctx, order: Order) => {
    ctx.setAttributes({ customer: order.customer });
    return order;
  });
  const options = { retry: { maxAttempts: 2, initialDelay: "1ms" }, whenFailed: "pause" } as const;
  return chain(
    "outage/order",
    attributed,
    fn("outage/charge", options, charge),
    fn("outage/ship", (_, { customer, cents }: Order) => `${cents} cents of ${customer} shipped`),
  );
}

const store = memory();
const log = { debug() {}, info() {}, warn() {}, error() {} };
const first = release(chargeV1);
let engine = await embedded({ functions: [first], store, log });

const orders = Array.from({ length: 310 }, (_, at): Order => ({
  customer: `c-${at % 10}`,
  cents: 100 + at,
}));
// Ten orders come before the outage, and 300 in the hour of it.
for (const [at, order] of orders.entries()) {
  if (at === 10) bankIsUp = false;
  const flow = await engine.client.start(first, order, { key: `order-${at}` });
  if (bankIsUp) await flow.result();
}
while ((await engine.client.countFlows({ status: "paused" })) < 300)
  await new Promise((done) => setTimeout(done, 5));

// The operator looks.
const { flows } = await engine.client.flows({ status: "paused", attribute: { customer: "c-7" } });
console.log(flows.length, "paused orders of c-7");
console.log(flows[0]?.paused?.[0]?.failure.message); // 503 from the bank
const dry = await engine.client.resumeAll({ function: first }, { dryRun: true });
console.log(dry.matched, "would go on");

// The fix is deployed, and all orders go on.
await engine.close();
const second = release(chargeV2);
engine = await embedded({ functions: [second], store, log });
const resumed = await engine.client.resumeAll({ function: second }, { batch: 50 });
console.log(resumed.done, "resumed");

let shipped = 0;
for (const at of orders.keys())
  if (String(await engine.client.flow(`order-${at}`).result()).endsWith("shipped")) shipped++;
console.log(shipped, "shipped");
const cents = [...charged.values()].reduce((sum, each) => sum + each, 0);
const due = orders.reduce((sum, each) => sum + each.cents, 0);
console.log(charged.size, "charges,", cents === due ? "each order once" : "not each order once");
await engine.close();
