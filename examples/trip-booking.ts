/**
 * Shows a saga: books a flight and a hotel, charges a card, and cancels the bookings on a failure.
 *
 * The last booking is canceled first. A hotel that takes too long to answer may or may not have
 * booked: `ifUnsure` handles that case. `retry` repeats a cancellation that fails. If it keeps
 * failing, the error lists the steps that were undone and those that were not. The naive version at
 * the end blocks on each step.
 */
import { embedded, fn, HandbackError, memory, stateful, value } from "handback";
import type { Future } from "handback";
import { retry, saga, withTimeout } from "handback/patterns";
import { setTimeout } from "node:timers/promises";

type Trip = { id: string; to: string; cents: number; hotelHangs?: boolean };

/** The bookings of each trip, in place of the systems of the airline and the hotel. */
const bookings = stateful("trip/bookings", {
  state: { held: value<string[]>([]) },
  handlers: {
    hold: (ctx, what: string) => void ctx.state.held.push(what),
    release: (ctx, what: string) => {
      ctx.state.held = ctx.state.held.filter((held) => held !== what);
    },
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
  return trip.hotelHangs === true ? ctx.promise<Trip>() : trip; // booked, but no answer arrives
});
const cancelHotel = fn("trip/cancel-hotel", (ctx, trip: Trip) => {
  ctx.send(bookings.release, "hotel", { id: trip.id });
});
const charge = fn("trip/charge", async (_, trip: Trip) => {
  await setTimeout(20);
  if (trip.cents > 100_000) throw new Error("card declined");
  return `${trip.id}: to ${trip.to} for ${trip.cents} cents`;
});

const hotelInTime = withTimeout("trip/hotel-in-time", bookHotel, "500ms");
const undoHotel = retry("trip/surely-cancel-hotel", cancelHotel, {
  maxAttempts: 5,
  initialDelay: "10ms",
  jitter: 0.5,
});

const flight = { do: bookFlight, undo: cancelFlight };
const hotel = { do: hotelInTime, undo: undoHotel, ifUnsure: undoHotel };
const book = saga("trip/book", flight, hotel, charge);

/** The naive version: blocks on each step. A cancellation also stops the calls in its `catch`. */
const parts = [bookFlight, cancelFlight, bookHotel, cancelHotel, charge];
const naive = fn("trip/naive", { parts }, async (ctx, trip: Trip) => {
  await ctx.get(ctx.invoke(bookFlight, trip));
  try {
    await ctx.get(ctx.invoke(bookHotel, trip));
    return await ctx.get(ctx.invoke(charge, trip));
  } catch (error) {
    await ctx.get(ctx.invoke(cancelHotel, trip));
    await ctx.get(ctx.invoke(cancelFlight, trip));
    throw error;
  }
});

const engine = await embedded({ functions: [book, naive], store: memory() });
const show = async (trip: Trip): Promise<void> => {
  const result = await engine.client.call(book, trip).catch((error: unknown) => {
    if (!HandbackError.is(error, "STEP_FAILED")) throw error;
    return `${error.message}; undone: ${JSON.stringify(error.details["undone"])}`;
  });
  const { held } = await engine.client.readState(bookings, trip.id);
  console.log(`${result}; still booked: ${held.join(", ") || "nothing"}`);
};
await show({ id: "t1", to: "Rome", cents: 50_000 });
await show({ id: "t2", to: "Lima", cents: 500_000 });
await show({ id: "t3", to: "Oslo", cents: 50_000, hotelHangs: true });

const expensive: Trip = { id: "t4", to: "Lima", cents: 500_000 };
for (const [id, f] of [["split", book] as const, ["naive", naive] as const]) {
  await engine.client.call(f, expensive, { id }).catch(() => undefined);
  const { billedMs, blockedMs, beta } = await engine.meter.flow(id);
  const [billed, waiting] = [billedMs.toFixed(0), blockedMs.toFixed(0)];
  console.log(`${id}: billed ${billed} ms, waiting ${waiting} ms, beta ${beta.toFixed(3)}`);
}
await engine.close();
