// What may stand in an input, and what comes out of a handler. Checked by tsc; never run.
/* oxlint-disable -- wrong programs, on purpose */
import type { Json } from "../../src/core/data/json.ts";
import type { Future, Settlement, StateFuture, ValueOf } from "../../src/futures/types/future.ts";
import type { FutureHandle } from "../../src/futures/types/handle.ts";
import type { Resolvable } from "../../src/futures/types/resolvable.ts";
import type { Resolved } from "../../src/futures/types/resolved.ts";
import { expectType } from "./expect.ts";
import type { Equal, Expect } from "./expect.ts";

declare function future<T>(): Future<T>;
declare function take<Input>(): (input: Resolvable<Input>) => void;

// --- Resolvable: what must be accepted ---

interface Address {
  readonly street: string;
  zip?: string;
}
interface Customer {
  name: string;
  born: Date;
  address: Address;
  tags: readonly string[];
  scores: Map<string, number>;
}
interface Tree {
  value: number;
  left?: Tree;
  right?: Tree;
}
type Id = string & { readonly brand: "Id" };
interface Branded {
  id: Id;
  more: Id;
}
class Point {
  readonly #x: number;
  constructor(x: number) {
    this.#x = x;
  }
  get x(): number {
    return this.#x;
  }
}
interface Page<T> {
  items: T[];
  next: string | null;
}

const customer: Customer = {
  name: "a",
  born: new Date(),
  address: { street: "s" },
  tags: [],
  scores: new Map(),
};

take<number>()(1);
take<number>()(future<number>());
take<number>()(future<1>());
take<void>()(future<void>());
take<Customer>()(customer);
take<Customer>()(future<Customer>());
take<Customer>()({
  ...customer,
  name: future<string>(),
  born: future<Date>(),
  address: { street: future<string>() },
  tags: [future<string>()],
});
take<Customer>()({
  ...customer,
  address: future<Address>(),
  tags: future<string[]>(),
  scores: future<Map<string, number>>(),
});
take<Customer>()({ ...customer, address: { street: "s", zip: future<string>() } });
take<Customer[]>()([customer, future<Customer>(), { ...customer, name: future<string>() }]);
take<string[]>()([future<string>()].concat([]));
take<[number, string?]>()([future<number>(), "x"]);
take<readonly [number, ...string[]]>()([1, future<string>(), "y"]);
take<Record<string, number>>()({ a: 1, b: future<number>() });
take<{ a: { b: { c: { d: number } } } }>()({ a: { b: { c: { d: future<number>() } } } });
take<boolean>()(future<boolean>());
take<"a" | "b">()(future<"a" | "b">());
take<{ kind: "a"; x: number } | { kind: "b"; y: string }>()({ kind: "a", x: future<number>() });
take<{ kind: "a"; x: number } | { kind: "b"; y: string }>()(
  future<{ kind: "a"; x: number } | { kind: "b"; y: string }>(),
);
take<string | null | undefined>()(future<null>());
take<Json>()({ a: [1, { b: future<string>() }], c: future<Json>() });
take<{ data: Json }>()({ data: [future<number>(), null] });
take<Tree>()({ left: future<Tree>(), right: { value: future<number>() }, value: 1 });
take<unknown>()({ anything: future<number>() });
take<any>()({ anything: future<number>() });
take<{ loose: any; strict: number }>()({ loose: [future<string>()], strict: future<number>() });
take<{ work: FutureHandle<number> }>()({ work: future<number>().handle() });
take<{ work: FutureHandle<number> }>()({ work: future<FutureHandle<number>>() });
take<{ bytes: Uint8Array; set: Set<string>; big: bigint }>()({
  bytes: new Uint8Array(1),
  set: new Set<string>(),
  big: future<bigint>(),
});
take<Branded>()({ id: "x" as Id, more: future<Id>() });
take<Point>()(new Point(1));
take<{ at: Point }>()({ at: future<Point>() });
take<Page<number>>()({ items: [future<number>()], next: future<string>() });

// Generic code passes an input, or a future of it.
export function pass<T>(input: T, later: Future<T>): Resolvable<T>[] {
  return [input, later];
}
export function passPage<T>(item: T, later: Future<Page<T>>): Resolvable<Page<T>>[] {
  return [{ items: [item], next: null }, later];
}

// --- Resolvable: what must be refused ---

// @ts-expect-error a string in a number's place
take<number>()("1");
// @ts-expect-error a future of a string in a number's place
take<number>()(future<string>());
// @ts-expect-error a JavaScript promise is not a durable future
take<number>()(Promise.resolve(1));
// @ts-expect-error a future of a string in a number's place, at depth
take<{ a: { b: number } }>()({ a: { b: future<string>() } });
// @ts-expect-error a future of the wrong object
take<{ a: { b: number } }>()({ a: future<{ b: string }>() });
// @ts-expect-error a property is missing
take<Customer["address"]>()({ zip: future<string>() });
// @ts-expect-error a property too many
take<{ a: number }>()({ a: future<number>(), b: 2 });
// @ts-expect-error a property too many, at depth
take<{ a: { b: number } }>()({ a: { b: future<number>(), c: 1 } });
// @ts-expect-error the wrong element
take<number[]>()([1, future<string>()]);
// @ts-expect-error a tuple too long
take<[number]>()([1, future<number>()]);
// @ts-expect-error a member of the union with the other's property
take<{ kind: "a"; x: number } | { kind: "b"; y: string }>()({ kind: "a", y: future<string>() });
// @ts-expect-error not a literal of the union
take<"a" | "b">()(future<"c">());
// @ts-expect-error a future where a handle is wanted
take<{ work: FutureHandle<number> }>()({ work: future<number>() });
// @ts-expect-error a handle where a value is wanted
take<{ n: number }>()({ n: future<number>().handle() });
// @ts-expect-error a handle of another type
take<{ work: FutureHandle<number> }>()({ work: future<string>().handle() });
// @ts-expect-error futures inside a Map are not found
take<Map<string, number>>()(new Map([["a", future<number>()]]));
// @ts-expect-error a date is not a JSON value
take<Json>()({ a: new Date() });
// @ts-expect-error a future of undefined in a number's place
take<Tree>()({ value: future<undefined>() });

// --- Resolved ---

export type ResolvedCases = Expect<
  [
    Equal<Resolved<number>, number>,
    Equal<Resolved<void>, void>,
    Equal<Resolved<undefined>, undefined>,
    Equal<Resolved<never>, never>,
    Equal<Resolved<unknown>, unknown>,
    Equal<Resolved<any>, any>,
    Equal<Resolved<boolean>, boolean>,
    Equal<Resolved<Future<number>>, number>,
    Equal<Resolved<Future<void>>, void>,
    Equal<Resolved<Future<any>>, any>,
    Equal<Resolved<Future<unknown>>, unknown>,
    Equal<Resolved<Future<never>>, never>,
    Equal<Resolved<StateFuture<string>>, string>,
    Equal<Resolved<Promise<Future<number>>>, number>,
    Equal<Resolved<Promise<number> | Future<string>>, number | string>,
    Equal<Resolved<"done" | Future<"done" | "ended">>, "done" | "ended">,
    Equal<Resolved<{ a: Future<number>; b: string }>, { a: number; b: string }>,
    Equal<Resolved<{ readonly a?: { b: Future<number> } }>, { readonly a?: { b: number } }>,
    Equal<Resolved<Future<number>[]>, number[]>,
    Equal<Resolved<readonly Future<number>[]>, readonly number[]>,
    Equal<Resolved<[Future<number>, string]>, [number, string]>,
    Equal<Resolved<(number | Future<number>)[]>, number[]>,
    Equal<Resolved<Record<string, Future<number>>>, Record<string, number>>,
    Equal<Resolved<FutureHandle<number>>, FutureHandle<number>>,
    Equal<
      Resolved<{ job: FutureHandle<number>; n: Future<1> }>,
      { job: FutureHandle<number>; n: 1 }
    >,
    Equal<Resolved<{ loose: any; n: Future<1> }>, { loose: any; n: 1 }>,
    Equal<Resolved<{ at: Date; n: Future<1> }>, { at: Date; n: 1 }>,
    Equal<Resolved<Date>, Date>,
    Equal<Resolved<Map<string, number>>, Map<string, number>>,
    Equal<Resolved<Json>, Json>,
    Equal<Resolved<Tree>, Tree>,
    Equal<Resolved<Future<Tree>>, Tree>,
    Equal<Resolved<Point>, Point>,
    Equal<Resolved<Customer>, Customer>,
    Equal<Resolved<Settlement<number>>, Settlement<number>>,
    Equal<ValueOf<Future<number> | StateFuture<string>>, number | string>,
  ]
>;

// --- Future ---

future<1>() satisfies Future<number>;
future<number>() satisfies Future<unknown>;
({}) as StateFuture<1> satisfies Future<number>;
expectType<FutureHandle<number>>()(future<number>().handle());

// @ts-expect-error a promise is not a future
Promise.resolve(1) satisfies Future<number>;
// @ts-expect-error a future is not a promise
future<number>() satisfies PromiseLike<number>;
// @ts-expect-error a future has no `then`
future<number>().then((n: number) => n);
// @ts-expect-error a future is not its value
future<number>() satisfies number;
// @ts-expect-error a future of a wider type
future<number | string>() satisfies Future<number>;
// @ts-expect-error a value is not a future of itself
1 satisfies Future<number>;
// @ts-expect-error a handle is not a future
future<number>().handle() satisfies Future<number>;
export async function awaiting(): Promise<void> {
  // @ts-expect-error awaiting a future gives the future, not its value
  (await future<number>()) satisfies number;
}
