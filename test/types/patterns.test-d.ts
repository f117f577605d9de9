// Which compositions fit. Checked by tsc; never run.
/* oxlint-disable -- wrong programs, on purpose */
import type { Fn } from "../../src/futures/types/function.ts";
import { chain } from "../../src/patterns/chain/chain.ts";
import { choose } from "../../src/patterns/chain/choose.ts";
import { fanOut } from "../../src/patterns/fan-out/fan-out.ts";
import type { FanOutReport } from "../../src/patterns/fan-out/report.ts";
import { keep } from "../../src/patterns/chain/keep.ts";
import { parallel } from "../../src/patterns/chain/parallel.ts";
import { repeat } from "../../src/patterns/repeat.ts";
import { retry } from "../../src/patterns/retry/retry.ts";
import { saga } from "../../src/patterns/saga/saga.ts";
import { tap } from "../../src/patterns/chain/tap.ts";
import { withTimeout } from "../../src/patterns/with-timeout.ts";
import { expectType } from "./expect.ts";

interface Order {
  id: string;
  total: number;
}
declare const none: Fn<void, number>;
declare const add: Fn<number, number>;
declare const show: Fn<number, string>;
declare const load: Fn<number, Order>;
declare const ship: Fn<{ id: string }, Date>;
declare const price: Fn<{ total: number }, string>;
declare const shipped: Fn<[Order, Date], boolean>;
declare const sum: Fn<number[], number>;
declare const readonlySum: Fn<readonly number[], number>;
declare const forget: Fn<Order, void>;

// --- chain ---

expectType<Fn<number, number>>()(chain("t/a", add));
expectType<Fn<void, string>>()(chain("t/a", none, add, show));
expectType<Fn<number, string>>()(chain("t/a", add, (n) => n + 1, show));
expectType<Fn<number, Date>>()(chain("t/a", add, (n) => ({ id: String(n) }), ship));
expectType<Fn<number, string[]>>()(
  chain(
    "t/a",
    (n: number) => [n],
    (list) => list.map(String),
  ),
);
expectType<Fn<number, string>>()(chain("t/a", load, tap(ship), price));
expectType<Fn<number, string>>()(chain("t/a", load, tap(ship, price), (order) => order.id));
expectType<Fn<number, boolean>>()(chain("t/a", load, keep(ship), shipped));
expectType<Fn<number, number>>()(
  chain("t/a", load, keep(ship), ([order, date]) => order.total + date.getTime()),
);
expectType<Fn<number, [Date, string]>>()(chain("t/a", load, parallel(ship, price)));
expectType<Fn<number, number>>()(
  chain("t/a", load, parallel(ship, price), ([date, text]) => date.getTime() + text.length),
);
expectType<Fn<number, Date | string>>()(
  chain(
    "t/a",
    load,
    choose({ ship, price }, (order) => (order.total > 1 ? "ship" : "price")),
  ),
);
expectType<Fn<number, number>>()(
  chain(
    "t/a",
    add,
    (n) => String(n),
    (text) => text.length,
    add,
    add,
    add,
    add,
    add,
    add,
    add,
  ),
);
expectType<Fn<number, string>>()(chain("t/a", chain("t/b", add, add), retry("t/c", add), show));

// @ts-expect-error a step gives another type than the next one takes
chain("t/a", add, ship);
// @ts-expect-error the same, later on
chain("t/a", load, ship, add);
// @ts-expect-error a mapping gives another type than the next step takes
chain("t/a", add, (n) => String(n), add);
// @ts-expect-error what a mapping takes is what came before
chain("t/a", load, (order) => order.nothing);
// @ts-expect-error what is waited for takes another type
chain("t/a", load, tap(add), price);
// @ts-expect-error one of several takes another type
chain("t/a", load, parallel(ship, add));
const alwaysShip = choose({ ship, price }, () => "ship");
// @ts-expect-error a choice takes another type
chain("t/a", add, alwaysShip);
// @ts-expect-error there is no such case
choose({ ship, price }, () => "other");
// @ts-expect-error a chain has a step
chain("t/a");

// --- fanOut ---

expectType<Fn<number[], string[]>>()(fanOut("t/f", { each: show }) as Fn<number[], string[]>);
expectType<Fn<readonly number[], string[]>>()(fanOut("t/f", { each: show }));
expectType<Fn<readonly number[], number>>()(fanOut("t/f", { each: add, join: sum }));
expectType<Fn<readonly number[], number>>()(
  fanOut("t/f", { each: add, join: readonlySum, concurrency: 3 }),
);
expectType<Fn<Order, string>>()(
  fanOut("t/f", {
    split: (order: Order) => [order.total],
    each: add,
    join: (all) => all.map((n) => n.toFixed()).join(),
  }),
);
expectType<Fn<Order, number[]>>()(
  fanOut("t/f", { split: (order: Order) => [order.total], each: add, onFailure: "cancel" }),
);
expectType<Fn<readonly number[], FanOutReport<string>>>()(
  fanOut("t/f", { each: show, onFailure: "settle" }),
);
expectType<Fn<readonly number[], FanOutReport<string>>>()(fanOut("t/f", { each: show, enough: 2 }));
expectType<Fn<readonly number[], number>>()(
  fanOut("t/f", {
    each: show,
    onFailure: { tolerate: "5%" },
    join: (report) => report.branches.length,
  }),
);

// @ts-expect-error the items are of another type than a branch takes
fanOut("t/f", { split: (order: Order) => [order.id], each: add });
// @ts-expect-error the join takes another type than the branches give
fanOut("t/f", { each: show, join: sum });
// @ts-expect-error with settled branches the join gets a report
fanOut("t/f", { each: add, onFailure: "settle", join: sum });
// @ts-expect-error a share ends with a percent sign
fanOut("t/f", { each: add, onFailure: { tolerate: "5" } });

// --- retry, withTimeout, repeat, saga ---

expectType<Fn<number, string>>()(
  retry("t/r", show, { maxAttempts: 2, retryIf: (failure) => failure.code === "EBUSY" }),
);
expectType<Fn<number, string>>()(withTimeout("t/t", show, "1s"));
expectType<Fn<Order, Date>>()(
  withTimeout(
    "t/t",
    chain("t/o", (order: Order) => order, ship),
    (order) => order.total,
  ),
);
expectType<Fn<number, string | Order>>()(withTimeout("t/t", show, "1s", { onTimeout: load }));
expectType<Fn<number, number>>()(repeat("t/p", add, { until: (n, rounds) => n > rounds }));
expectType<Fn<number, string>>()(
  saga("t/s", { do: load, undo: forget }, (order) => order.total, show),
);
expectType<Fn<number, Date>>()(saga("t/s", { do: load, undo: forget, ifUnsure: add }, ship));

// @ts-expect-error the other one takes another input
withTimeout("t/t", show, "1s", { onTimeout: ship });
// @ts-expect-error it does not take what it gives
repeat("t/p", show, { times: 2 });
// @ts-expect-error what undoes a step takes what the step gave
saga("t/s", { do: show, undo: forget });
// @ts-expect-error what is called when nobody knows takes what the step takes
saga("t/s", { do: load, undo: forget, ifUnsure: forget });
// @ts-expect-error a step gives another type than the next one takes
saga("t/s", { do: load, undo: forget }, add);
// @ts-expect-error there is no such option
retry("t/r", add, { attempts: 3 });
