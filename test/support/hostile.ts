import { runInNewContext } from "node:vm";
import fc from "fast-check";

/** A value that user code may throw, return or pass, with a name for messages. */
export interface Hostile {
  readonly name: string;
  readonly make: () => unknown;
}

const thrower = (): never => {
  throw new Error("reading it throws");
};

/** A proxy whose traps all throw. */
function newThrowingProxy(thrown: () => unknown = () => new Error("a trap throws")): object {
  const trap = (): never => {
    throw thrown();
  };
  const traps = new Proxy({}, { get: () => trap });
  return new Proxy({}, traps);
}

function newRevokedProxy(target: object = {}): object {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

function newGetters(target: object): object {
  for (const name of ["name", "message", "code", "stack", "cause", "errors", "then", "toJSON"])
    Object.defineProperty(target, name, { get: thrower, configurable: true });
  return target;
}

function newLoop(): object {
  const loop: Record<string, unknown> = { message: "a loop" };
  loop["self"] = [loop];
  loop["cause"] = loop;
  return loop;
}

/** A proxy that gives another such proxy for each of its properties. */
function newEndless(): object {
  return new Proxy({}, { get: () => newEndless(), ownKeys: () => ["a", "b"] });
}

function newSpoof(name: string): object {
  return {
    [Symbol.for(`handback.${name}`)]: true,
    code: "CANCELLED",
    failure: newLoop(),
    id: newLoop(),
    storeId: newThrowingProxy(),
  };
}

/** Values that break code which trusts what it is given. */
export const HOSTILE: readonly Hostile[] = [
  { name: "undefined", make: () => undefined },
  { name: "null", make: () => null },
  { name: "NaN", make: () => NaN },
  { name: "a symbol", make: () => Symbol("s") },
  { name: "a bigint", make: () => 5n },
  { name: "a function", make: () => thrower },
  { name: "a class", make: () => Map },
  { name: "a function that has a hostile name", make: () => newGetters(() => 1) },
  { name: "a revoked proxy", make: () => newRevokedProxy() },
  { name: "a revoked proxy of an array", make: () => newRevokedProxy([]) },
  { name: "a revoked proxy of a function", make: () => newRevokedProxy(() => 1) },
  { name: "a proxy whose traps throw", make: () => newThrowingProxy() },
  {
    name: "a proxy whose traps throw revoked proxies",
    make: () => newThrowingProxy(() => newRevokedProxy()),
  },
  { name: "a proxy that never ends", make: newEndless },
  { name: "an object with getters that throw", make: () => newGetters({}) },
  { name: "an error with getters that throw", make: () => newGetters(new Error("hidden")) },
  { name: "a loop", make: newLoop },
  {
    name: "an error with a revoked cause",
    make: () => new Error("e", { cause: newRevokedProxy() }),
  },
  {
    name: "an error with a throwing cause",
    make: () => new Error("e", { cause: newThrowingProxy() }),
  },
  {
    name: "an AggregateError of hostile parts",
    make: () =>
      new AggregateError([newRevokedProxy(), newLoop(), newThrowingProxy(), undefined], "a"),
  },
  {
    name: "an error with hostile data",
    make: () =>
      Object.assign(new Error("e"), {
        code: newThrowingProxy(),
        status: newRevokedProxy(),
        errors: newRevokedProxy([]),
        details: newLoop(),
        // Not `issues`, with which it would be the result of a schema.
        problems: [newThrowingProxy(), newEndless()],
      }),
  },
  {
    name: "an error of another realm",
    make: () => runInNewContext("Object.assign(new TypeError('far'), { status: 503 })") as unknown,
  },
  {
    name: "an object whose then throws",
    make: () => new Proxy({}, { get: (_, name) => (name === "then" ? thrower() : undefined) }),
  },
  {
    name: "an object whose toString throws",
    make: () => ({ toString: thrower, valueOf: thrower }),
  },
  { name: "an object whose toPrimitive throws", make: () => ({ [Symbol.toPrimitive]: thrower }) },
  { name: "an object without prototype", make: () => Object.create(null) as unknown },
  { name: "what looks like a HandbackError", make: () => newSpoof("HandbackError") },
  { name: "what looks like a handle", make: () => newSpoof("FutureHandle") },
  { name: "what looks like a future", make: () => newSpoof("Future") },
  { name: "what looks like a function of Handback", make: () => newSpoof("FunctionSpec") },
];

/** Draws a value that is hostile, or holds one that is. */
export function hostileValue(): fc.Arbitrary<Hostile> {
  const one = fc.constantFrom(...HOSTILE);
  const wrap = fc.constantFrom<(inner: unknown) => unknown>(
    (inner) => inner,
    (inner) => inner,
    (inner) => ({ inner }),
    (inner) => [1, inner],
    (inner) => new Map([[inner, inner]]),
    (inner) => new Set([inner]),
    (inner) => new Error("outer", { cause: inner }),
    (inner) => Object.assign(new Error("outer"), { inner, errors: [inner] }),
  );
  return fc
    .tuple(one, wrap)
    .map(([{ name, make }, around]) => ({ name: `${name}, wrapped`, make: () => around(make()) }));
}
