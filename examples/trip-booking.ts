/**
 * Shows a saga: a trip is a flight, a hotel and a payment, of which each can fail; what was booked before is cancelled then, the last first.
 *
 * `ifUnsure` is called when nobody knows whether the hotel was booked: it took too long to answer. A cancellation that fails is tried again
 * by `retry`, and when it goes on failing, the error says what was undone and what was not. The naive twin at the end blocks on each step.
 */
import { embedded, fn, HandbackError, memory, stateful, value } from "handback";
import type { Future } from "handback";
import { retry, saga, withTimeout } from "handback/patterns";
import { setTimeout } from "node:timers/promises";

type Trip = { id: string; to: string; cents: number; hotelHangs?: boolean };

/** What is booked, by trip: it stands for the airline's and the hotel's own systems. */
const bookings = stateful("trip/bookings", {
  state: { held: value<string[]>([]) },
  handlers: {
    hold: (ctx, what: string) => void ctx.state.held.push(what),
    release: (ctx, what: string) =>
      void (ctx.state.held = ctx.state.held.filter((each) => each !== what)),
  },
});

const bookFlight = fn("trip/book-flight", { parts: [bookings] }, async (ctx, trip: Trip) => {
  await setTimeout(20);
  ctx.send(bookings.hold, "flight", { id: trip.id });
  return trip;
});
const cancelFlight = fn("trip/cancel-flight", async (ctx, trip: Trip) => {
  await setTimeout(10);
  ctx.send(bookings.release, "flight", { id: trip.id });
});
const bookHotel = fn("trip/book-hotel", async (ctx, trip: Trip): Promise<Trip | Future<Trip>> => {
  await setTimeout(20);
  ctx.send(bookings.hold, "hotel", { id: trip.id });
  return trip.hotelHangs === true ? ctx.promise<Trip>() : trip; // booked, but it never answers
});
const cancelHotel = fn("trip/cancel-hotel", (ctx, trip: Trip) =>
  ctx.send(bookings.release, "hotel", { id: trip.id }),
);
const charge = fn("trip/charge", async (_, trip: Trip) => {
  await setTimeout(20);
  if (trip.cents > 100_000) throw new Error("card declined");
  return `${trip.id}: to ${trip.to} for ${trip.cents} cents`;
});

const hotelInTime = withTimeout("trip/hotel-in-time", bookHotel, "500ms");
const surelyCancelHotel = retry("trip/surely-cancel-hotel", cancelHotel, {
  maxAttempts: 5,
  initialDelay: "10ms",
  jitter: 0.5,
});

const book = saga(
  "trip/book",
  { do: bookFlight, undo: cancelFlight },
  { do: hotelInTime, undo: surelyCancelHotel, ifUnsure: surelyCancelHotel },
  charge,
);

/** The same, naive: it blocks on each step, and a crash between two lines of `catch` is for the reader to think about. */
const naive = fn(
  "trip/naive",
  { parts: [bookFlight, cancelFlight, bookHotel, cancelHotel, charge] },
  async (ctx, trip: Trip) => {
    await ctx.get(ctx.invoke(bookFlight, trip));
    try {
      await ctx.get(ctx.invoke(bookHotel, trip));
      return await ctx.get(ctx.invoke(charge, trip));
    } catch (error) {
      await ctx.get(ctx.invoke(cancelHotel, trip));
      await ctx.get(ctx.invoke(cancelFlight, trip));
      throw error;
    }
  },
);

const engine = await embedded({ functions: [book, naive], store: memory() });
const show = async (trip: Trip): Promise<void> => {
  const said = await engine.client.call(book, trip).catch((error: unknown) => {
    if (!HandbackError.is(error, "STEP_FAILED")) throw error;
    return `${error.message}; undone: ${JSON.stringify(error.details["undone"])}`;
  });
  const { held } = await engine.client.readState(bookings, trip.id);
  console.log(`${said}; still booked: ${held.join(", ") || "nothing"}`);
};
await show({ id: "t1", to: "Rome", cents: 50_000 });
await show({ id: "t2", to: "Lima", cents: 500_000 });
await show({ id: "t3", to: "Oslo", cents: 50_000, hotelHangs: true });

const expensive: Trip = { id: "t4", to: "Lima", cents: 500_000 };
for (const [id, f] of [["split", book] as const, ["naive", naive] as const]) {
  await engine.client.call(f, expensive, { id }).catch(() => undefined);
  const { billedMs, blockedMs, beta } = await engine.meter.flow(id);
  console.log(
    `${id}: billed ${billedMs.toFixed(0)} ms, ${blockedMs.toFixed(0)} of them for waiting, beta ${beta.toFixed(3)}`,
  );
}
await engine.close();
