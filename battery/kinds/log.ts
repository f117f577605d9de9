import { fn, stateful, value } from "../../src/index.ts";
import type { Future } from "../../src/index.ts";
import { recordEffect } from "../client/ledger-writer.ts";
import { exists, valueOf } from "../history/history.ts";
import type { Flow } from "../history/history.ts";
import type { Violation } from "../history/verdict.ts";
import { diceOf } from "../plan/operation.ts";
import type { Operation } from "../plan/operation.ts";
import { nameOf } from "./kind.ts";
import type { Kind, Place, States } from "./kind.ts";

const CLERKS = 3;
const NUMBERS_A_LOG = 40;
const MOST_AT_ONCE = 5;

/** Numbers of several senders, in the order in which they arrived. */
const log = stateful("battery/log", {
  state: { numbers: value<string[]>([]) },
  handlers: {
    append(ctx, { op, part, clerk, number }: Append): number {
      recordEffect(ctx, { op, part, value: number });
      ctx.state.numbers.push(`${clerk}:${number}`);
      return number;
    },
  },
});

interface Append {
  readonly op: number;
  readonly part: string;
  readonly clerk: number;
  readonly number: number;
}

/** Sends consecutive numbers, as one-way messages or as calls. */
const clerk = stateful("battery/clerk", {
  state: { next: value(0) },
  handlers: {
    write(ctx, { op, clerk, count, oneWay }: Order): number | Future<number> {
      const first = ctx.state.next;
      ctx.state.next += count;
      const appends = Array.from({ length: count }, (_, index) => ({
        op,
        part: `number ${index}`,
        clerk,
        number: first + index,
      }));
      const to = ({ number }: Append): { readonly id: string } => ({ id: logOf(number) });
      if (!oneWay)
        return ctx.onComplete(
          ctx.all(appends.map((append) => ctx.invoke(log.append, append, to(append)))),
          firstOf,
        );
      for (const append of appends) ctx.send(log.append, append, to(append));
      return first;
    },
  },
});

interface Order {
  readonly op: number;
  readonly clerk: number;
  readonly count: number;
  readonly oneWay: boolean;
}

const firstOf = fn("battery/first-of", (_, numbers: readonly number[]): number => numbers[0] ?? -1);

/** Append logs: the numbers of each clerk are there in order, none lost, none twice. */
export const logs: Kind = {
  name: "log",
  functions: [log, clerk, firstOf],
  async perform(operation, recorder) {
    const order = orderOf(operation);
    const handle = await recorder.begin(operation, () =>
      recorder.client.start(clerk.write, order, { id: clerkOf(order.clerk), key: operation.key }),
    );
    if (handle !== undefined) await recorder.finish(operation, handle);
  },
  booked: () => ({ certain: [] }),
  places(operations) {
    const numbers = operations.reduce((sum, operation) => sum + orderOf(operation).count, 0);
    const clerks = Array.from({ length: CLERKS }, (_, index): Place => ({
      of: clerk,
      id: clerkOf(index),
    }));
    return [
      ...clerks,
      ...Array.from({ length: Math.ceil(numbers / NUMBERS_A_LOG) }, (_, index) =>
        placeOf(index * NUMBERS_A_LOG),
      ),
    ];
  },
  *check(flows, states) {
    for (let index = 0; index < CLERKS; index++) {
      const own = flows.filter((flow) => exists(flow) && orderOf(flow.operation).clerk === index);
      yield* checkOrders(index, own);
      const sent = own.reduce((sum, { operation }) => sum + orderOf(operation).count, 0);
      yield* checkNumbers(index, numbersOf(index, states), sent);
    }
  },
};

/** Each order got its own numbers, and there are no others. */
function* checkOrders(index: number, flows: readonly Flow[]): Iterable<Violation> {
  const inOrder = flows.flatMap((flow) => {
    const first = valueOf(flow);
    return typeof first === "number" ? [{ first, flow }] : [];
  });
  let next = 0;
  for (const { first, flow } of inOrder.sort((one, other) => one.first - other.first)) {
    const { key } = flow.operation;
    if (first > next)
      yield {
        what: "duplicated",
        operation: key,
        said: `clerk ${index} sent the numbers ${next} to ${first - 1} without an order`,
      };
    if (first < next)
      yield {
        what: "lost",
        operation: key,
        said: `clerk ${index} forgot that it had given the numbers from ${first} before`,
      };
    next = first + orderOf(flow.operation).count;
  }
}

/** The numbers `0` to `sent - 1` are there, in this order. */
function* checkNumbers(index: number, found: readonly number[], sent: number): Iterable<Violation> {
  const operation = `clerk ${index}`;
  const times = new Map<number, number>();
  for (const number of found) times.set(number, (times.get(number) ?? 0) + 1);
  for (let number = 0; number < sent; number++) {
    const count = times.get(number) ?? 0;
    if (count === 0) yield { what: "lost", operation, said: `its number ${number} is in no log` };
    if (count > 1)
      yield { what: "duplicated", operation, said: `its number ${number} is there ${count} times` };
    times.delete(number);
  }
  for (const number of times.keys())
    yield {
      what: "wrong",
      operation,
      said: `its number ${number} is there, though only ${sent} were sent`,
    };
  for (const [place, number] of found.entries()) {
    const before = found[place - 1];
    if (before !== undefined && before > number)
      yield { what: "reordered", operation, said: `its number ${number} came after ${before}` };
  }
}

function numbersOf(index: number, states: States): readonly number[] {
  const numbers: number[] = [];
  for (let first = 0; ; first += NUMBERS_A_LOG) {
    if (!states.has(nameOf(placeOf(first)))) return numbers;
    const state = states.get(nameOf(placeOf(first))) as {
      readonly numbers: readonly string[];
    } | null;
    for (const line of state?.numbers ?? []) {
      const [of, number] = line.split(":").map(Number);
      if (of === index && number !== undefined) numbers.push(number);
    }
  }
}

/** Returns the order of an operation to its clerk. */
export function orderOf(operation: Operation): Order {
  const dice = diceOf(operation);
  return {
    op: operation.number,
    clerk: dice.below(CLERKS),
    count: 1 + dice.below(MOST_AT_ONCE),
    oneWay: dice.chance(0.5),
  };
}

function clerkOf(index: number): string {
  return `clerk ${index}`;
}

function logOf(number: number): string {
  return `log ${Math.floor(number / NUMBERS_A_LOG)}`;
}

function placeOf(number: number): Place {
  return { of: log, id: logOf(number) };
}
