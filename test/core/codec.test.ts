import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromBase64, toBase64 } from "../../src/core/codec/base64.ts";
import { makeCodec } from "../../src/core/codec/codec.ts";
import { DEFAULT_PAYLOAD_LIMIT } from "../../src/core/codec/encode.ts";
import { type Encoded, UNDEFINED } from "../../src/core/codec/encoded.ts";
import type { Extension } from "../../src/core/codec/extension.ts";
import { quote } from "../../src/core/codec/quote.ts";
import { fillTemplate } from "../../src/core/codec/template.ts";
import { MAX_DEPTH } from "../../src/core/codec/trail.ts";
import { HandbackError } from "../../src/core/errors/errors.ts";
import { codeOf, thrownBy } from "../support/thrown.ts";

/** An object of a kind that an outer layer would add. */
class Point {
  readonly x: number;
  constructor(x: number) {
    this.x = x;
  }
}

const POINT: Extension = {
  tag: "point",
  matches: (value) => value instanceof Point,
  encode: (value) => ({ x: value instanceof Point ? value.x : 0 }),
  decode(data) {
    const [entry, ...rest] = Object.entries(typeof data === "object" && data !== null ? data : {});
    if (entry?.[0] !== "x" || typeof entry[1] !== "number" || rest.length > 0)
      throw new Error("not a point");
    return new Point(entry[1]);
  },
};

/** A part of a value that is not known yet, like a future. */
class Hole {
  readonly value: unknown;
  constructor(value: unknown) {
    this.value = value;
  }
}

const codec = makeCodec({ extensions: [POINT], isHole: (value) => value instanceof Hole });

/** Text from elsewhere, with any content. */
const foreign = (text: string) => text as Encoded;
const roundTrip = (value: unknown) => codec.decode(codec.encode(value));
const refusalOf = (value: unknown, root = "input") => thrownBy(() => codec.encode(value, { root }));
const pathOf = (value: unknown, root?: string) => {
  const path = refusalOf(value, root).details["path"];
  return typeof path === "string" ? path : expect.unreachable("no path");
};
const nested = (depth: number) => {
  let value: unknown = 0;
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { a: value };
  return value;
};

const key = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: fc.constantFrom("$", "a", "0", '"', "\\", "\ud800") }),
  fc.constantFrom("__proto__", "constructor", "prototype", "then", "toJSON", "$", "$$", "length"),
);
const number = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.constantFrom(-0, NaN, Infinity, -Infinity, 2 ** 53 + 2, 5e-324),
);
const leaf = fc.oneof(
  number,
  key,
  fc.boolean(),
  fc.constantFrom(null, undefined),
  fc.bigInt(),
  fc.date({ noInvalidDate: true }),
  fc.uint8Array(),
  fc.integer().map((x) => new Point(x)),
);

/** Values of every supported kind, whose parts may also be `part`s. */
function valueOf(part: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      part,
      tie("array"),
      tie("record"),
      tie("map"),
      tie("set"),
    ),
    array: fc.array(tie("value"), { maxLength: 5 }),
    record: fc.array(fc.tuple(key, tie("value")), { maxLength: 5 }).map((entries) => {
      // Drop undefined properties. They have their own test.
      return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
    }),
    map: fc
      .array(fc.tuple(tie("value"), tie("value")), { maxLength: 4 })
      .map((entries) => new Map(entries)),
    set: fc.array(tie("value"), { maxLength: 4 }).map((values) => new Set(values)),
  }));
  return value;
}

describe("laws", () => {
  test("any value decodes to a strictly equal one, and encodes to the same text again", () => {
    fc.assert(
      fc.property(valueOf(leaf), (value) => {
        const text = codec.encode(value);
        const back = codec.decode(text);
        expect(isDeepStrictEqual(back, value)).toBe(true);
        expect(codec.encode(back)).toBe(text);
      }),
      { numRuns: 1_000 },
    );
  });

  test("keys that need escaping decode, whatever was at their place in earlier texts", () => {
    for (let round = 0; round < 2_000; round++) {
      for (const odd of ["\\", '"', "\n", "\ud800", 'x"', "x\\"]) {
        const value = { a: round, [odd]: 1, length: 2 };
        expect(Object.keys(roundTrip(value) as object)).toEqual(["a", odd, "length"]);
      }
    }
  });

  test("every text is JSON, so that texts can be spliced", () => {
    fc.assert(
      fc.property(valueOf(leaf), (value) => {
        expect(() => void JSON.parse(codec.encode(value))).not.toThrow();
      }),
    );
  });

  test("a filled template equals the whole text", () => {
    const hole = leaf.filter((value) => value !== undefined).map((value) => new Hole(value));
    fc.assert(
      fc.property(valueOf(fc.oneof(hole, leaf)), (value) => {
        const { segments, holes } = codec.encodeTemplate(value);
        const texts = holes.map((object) =>
          codec.encode(object instanceof Hole ? object.value : object),
        );
        expect(segments).toHaveLength(holes.length + 1);
        const back = codec.decode(fillTemplate(segments, texts));
        expect(isDeepStrictEqual(back, plug(value))).toBe(true);
        expect(codec.encode(back)).toBe(codec.encode(plug(value)));
      }),
      { numRuns: 500 },
    );
  });

  test("decoding any JSON gives a value or a HandbackError, and pollutes no prototype", () => {
    const tag = fc.constantFrom(
      "undefined",
      "number",
      "bigint",
      "date",
      "map",
      "set",
      "bytes",
      "point",
      "Function",
      "__proto__",
    );
    const { json } = fc.letrec((tie) => ({
      json: fc.oneof(
        { depthSize: "small" },
        fc.jsonValue(),
        key,
        tie("tagged"),
        tie("array"),
        tie("record"),
      ),
      array: fc.array(tie("json"), { maxLength: 4 }),
      tagged: fc.tuple(tag, tie("json")).map((parts) => ({ $: parts })),
      record: fc
        .array(fc.tuple(key, tie("json")), { maxLength: 4 })
        .map((entries) => Object.fromEntries(entries)),
    }));
    const prototypeKeys = Reflect.ownKeys(Object.prototype);
    fc.assert(
      fc.property(json, (data) => {
        try {
          codec.decode(foreign(JSON.stringify(data)));
        } catch (error) {
          expect(HandbackError.is(error, "UNSERIALIZABLE")).toBe(true);
        }
        expect(Reflect.ownKeys(Object.prototype)).toEqual(prototypeKeys);
      }),
      { numRuns: 1_000 },
    );
  });

  test("decoding any text that is not JSON is rejected", () => {
    for (const text of [
      "",
      "undefined",
      "{",
      "[1,]",
      "NaN",
      '{"$":["date"',
      "\ufeff1",
      '"',
      '"a',
      '"a"b"',
      '"a""',
      '"a\\"',
      '"a\\x"',
    ]) {
      expect(codeOf(() => codec.decode(foreign(text)))).toBe("UNSERIALIZABLE");
    }
  });

  test("raw control characters in a string, which no codec writes, are accepted", () => {
    expect(codec.decode(foreign('"a\n\u0000b"'))).toBe("a\n\u0000b");
  });

  test("strings are quoted as JSON quotes them", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 60 }), fc.nat(0xffff), (text, unit) => {
        const odd = text + String.fromCharCode(unit);
        expect(quote(odd)).toBe(JSON.stringify(odd));
      }),
    );
    for (let unit = 0; unit <= 0xffff; unit++) {
      const text = String.fromCharCode(unit);
      if (quote(text) !== JSON.stringify(text)) expect.unreachable(`U+${unit.toString(16)}`);
    }
  });

  test("base64 is standard, and each array of bytes has one text", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const text = btoa(String.fromCharCode(...bytes));
        expect(toBase64(bytes)).toBe(text);
        expect(fromBase64(text)).toEqual(bytes);
      }),
    );
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom("A", "B", "/", "=", "-", "é"),
          minLength: 1,
          maxLength: 12,
        }),
        (text) => {
          const bytes = fromBase64(text);
          if (bytes !== undefined) expect(toBase64(bytes)).toBe(text);
        },
      ),
    );
  });
});

describe("the format of stored texts:", () => {
  test.each<[unknown, string]>([
    [undefined, UNDEFINED],
    [null, "null"],
    [true, "true"],
    [0, "0"],
    [-1.5, "-1.5"],
    [1e21, "1e+21"],
    [NaN, '{"$":["number","NaN"]}'],
    [Infinity, '{"$":["number","Infinity"]}'],
    [-Infinity, '{"$":["number","-Infinity"]}'],
    [-0, '{"$":["number","-0"]}'],
    [-12n, '{"$":["bigint","-12"]}'],
    ["é\n\ud800$", '"é\\n\\ud800$"'],
    [[], "[]"],
    [[1, undefined, null], '[1,{"$":["undefined"]},null]'],
    [{}, "{}"],
    [{ b: 1, a: undefined, c: [2] }, '{"b":1,"c":[2]}'],
    [{ $: ["undefined"], $$a: 1, a$: 2 }, '{"$$":["undefined"],"$$$a":1,"a$":2}'],
    [
      { 'a"': 1, "\n": 2, $x: 3, "\ud800": 4, "😀": 5 },
      '{"$x00610022":1,"$x000a":2,"$$x":3,"$xd800":4,"😀":5}',
    ],
    [JSON.parse('{"__proto__":{"x":1}}'), '{"__proto__":{"x":1}}'],
    [new Date(0), '{"$":["date","1970-01-01T00:00:00.000Z"]}'],
    [new Date(8.64e15), '{"$":["date","+275760-09-13T00:00:00.000Z"]}'],
    [
      new Map<unknown, unknown>([
        ["a", 1],
        [{ b: 2 }, undefined],
      ]),
      '{"$":["map",[["a",1],[{"b":2},{"$":["undefined"]}]]]}',
    ],
    [new Set([1, "a"]), '{"$":["set",[1,"a"]]}'],
    [new Uint8Array([0, 255, 254, 1]), '{"$":["bytes","AP/+AQ=="]}'],
    [new Point(3), '{"$":["point",{"x":3}]}'],
  ])("%o is %s", (value, text) => {
    expect(codec.encode(value)).toBe(text);
  });

  test("a hole is cut out of the text", () => {
    const hole = new Hole(0);
    const template = codec.encodeTemplate({ a: [hole, 1], b: hole });
    expect(template.segments).toEqual(['{"a":[', ',1],"b":', "}"]);
    expect(template.holes).toEqual([hole, hole]);
    expect(codec.encodeTemplate(hole).segments).toEqual(["", ""]);
  });
});

describe("encoding keeps", () => {
  test("a key __proto__ and constructor.prototype as own data, and sets no prototype", () => {
    for (const text of [
      '{"__proto__":{"x":1}}',
      '{"constructor":{"prototype":{"x":1}}}',
      '{"$":1,"__proto__":{"x":1}}',
      '["$",{"__proto__":null}]',
    ]) {
      const value: unknown = JSON.parse(text);
      const back = roundTrip(value);
      expect(isDeepStrictEqual(back, value)).toBe(true);
      expect(Reflect.get({}, "x")).toBeUndefined();
      expect(
        typeof back === "object" &&
          back !== null &&
          !Array.isArray(back) &&
          Object.getPrototypeOf(back) === Object.prototype,
      ).toBe(!Array.isArray(value));
    }
  });

  test("data that looks like a tag, and thenable-like data, as data", () => {
    for (const value of [
      { $: ["date", "1970-01-01T00:00:00.000Z"] },
      { $type: "Function", source: "x" },
      // oxlint-disable-next-line unicorn/no-thenable -- a thenable is the subject
      { then: 1 },
      { toJSON: "x" },
    ]) {
      expect(roundTrip(value)).toStrictEqual(value);
    }
  });

  test("objects that are frozen or without a prototype, as plain data", () => {
    const bare: Record<string, unknown> = Object.create(null);
    bare["a"] = 1;
    expect(roundTrip(Object.freeze([Object.freeze(bare)]))).toStrictEqual([{ a: 1 }]);
  });

  test("no property that is undefined, before and after alike", () => {
    expect(roundTrip({ a: undefined, b: 1 })).toStrictEqual({ b: 1 });
  });

  test("an object in two places as two copies", () => {
    const shared = { a: 1 };
    const [left, right] = Object.values(roundTrip({ left: shared, right: shared }) ?? {});
    expect(left).toStrictEqual(shared);
    expect(right).toStrictEqual(shared);
    expect(left).not.toBe(right);
  });

  test("the value as it was at the call", () => {
    const value = { items: [1] };
    const text = codec.encode(value);
    value.items.push(2);
    expect(codec.decode(text)).toStrictEqual({ items: [1] });
  });

  test("only the bytes that a view shows", () => {
    expect(roundTrip(new Uint8Array([1, 2, 3, 4]).subarray(1, 3))).toStrictEqual(
      new Uint8Array([2, 3]),
    );
  });

  test("the values of a getter or a Proxy, read once", () => {
    const reads: unknown[] = [];
    const value = new Proxy(
      { a: 1, b: 2 },
      {
        get(target, name): unknown {
          reads.push(name);
          return Reflect.get(target, name);
        },
      },
    );
    const list = new Proxy(["x", "y"], {
      get(target, name): unknown {
        reads.push(name);
        return Reflect.get(target, name);
      },
    });
    expect(roundTrip([value, list])).toStrictEqual([{ a: 1, b: 2 }, ["x", "y"]]);
    expect(reads).toEqual(["a", "b", "length", "0", "1"]);
  });
});

describe("encoding rejects", () => {
  class Order {
    readonly id = 1;
  }
  // oxlint-disable-next-line unicorn/no-thenable -- a thenable is the subject
  const thenable = { then: () => 1 };
  const withExtra = Object.assign([1, 2], { total: 3 });
  // oxlint-disable-next-line no-sparse-arrays -- a sparse array is the subject
  const sparse = [1, , 3];
  const unserializable: readonly (readonly [string, unknown])[] = [
    ["a function", () => 1],
    ["a class", Order],
    ["a symbol", Symbol("a")],
    ["a property named by a symbol", { [Symbol("a")]: 1 }],
    ["an array with a property named by a symbol", Object.assign([1], { [Symbol("a")]: 1 })],
    ["a class instance", new Order()],
    ["an object that inherits", Object.create({ a: 1 })],
    ["an array of a subclass", new (class extends Array {})()],
    ["a Map of a subclass", new (class extends Map {})()],
    ["a Map with a property", Object.assign(new Map(), { a: 1 })],
    ["a RegExp", /a/],
    ["an Error", new TypeError("a")],
    ["a URL", new URL("http://a")],
    ["a Buffer", globalThis.Buffer.from("a")],
    ["an ArrayBuffer", new ArrayBuffer(1)],
    ["another typed array", new Float64Array(1)],
    ["a WeakMap", new WeakMap()],
    ["a WeakRef", new WeakRef({})],
    ["a boxed number", Object(1)],
    ["a boxed string", Object("a")],
    ["a boxed bigint", Object(1n)],
    ["an Invalid Date", new Date(NaN)],
    ["a fake Date", Object.create(Date.prototype)],
    ["a fake Map", Object.create(Map.prototype)],
    ["a fake array", Object.create(Array.prototype)],
    ["a generator", (function* () {})()],
    ["a sparse array", sparse],
    ["an array of nothing but gaps", Object.assign([], { length: 1e9 })],
    ["an array with a property of its own", withExtra],
    ["a regular expression's match", /a/.exec("a")],
    ["a promise", Promise.resolve(1)],
    ["a thenable", thenable],
    ["an object with toJSON", { toJSON: () => expect.unreachable() }],
    ["a hole where none may be", new Hole(1)],
  ];

  test.each(unserializable)("%s, at any place", (_, value) => {
    expect(refusalOf(value).code).toBe("UNSERIALIZABLE");
    for (const holder of [
      [value],
      { a: value },
      new Map([[value, 1]]),
      new Map([[1, value]]),
      new Set([value]),
    ]) {
      expect(refusalOf(holder).code).toBe("UNSERIALIZABLE");
    }
  });

  test("a bad value, with its path", () => {
    const bad = () => 1;
    expect(pathOf({ items: [0, 1, 2, { cb: bad }] })).toBe("input.items[3].cb");
    expect(pathOf({ items: [{ deep: { a: 1 } }, { deep: { b: bad } }] }, "state.order")).toBe(
      "state.order.items[1].deep.b",
    );
    expect(pathOf({ "odd name": [bad] })).toBe('input["odd name"][0]');
    expect(pathOf({ ["__proto__"]: bad })).toBe("input.__proto__");
    expect(
      pathOf({
        m: new Map<unknown, unknown>([
          ["a", 1],
          ["b", { c: bad }],
        ]),
      }),
    ).toBe("input.m.values[1].c");
    expect(pathOf({ m: new Map([[bad, 1]]) })).toBe("input.m.keys[0]");
    expect(pathOf(new Set([1, bad]))).toBe("input.values[1]");
    expect(pathOf([1, sparse])).toBe("input[1][1]");
    expect(pathOf([1, withExtra])).toBe("input[1]");
    expect(pathOf(bad)).toBe("input");
    expect(thrownBy(() => codec.encode([bad])).details["path"]).toBe("value[0]");
  });

  test("a bad value, with a bounded path, however long the keys are", () => {
    let value: unknown = () => 1;
    for (let level = 0; level < 100; level++) value = { ["k".repeat(10_000)]: value };
    expect(pathOf(value).length).toBeLessThan(1_100);
    expect(refusalOf(value).message.length).toBeLessThan(1_300);
  });

  test("a likely mistake, with a hint", () => {
    expect(refusalOf({ a: Promise.resolve(1) }).details["hint"]).toContain("await");
    expect(refusalOf(thenable).details["hint"]).toContain("await");
    expect(refusalOf(globalThis.Buffer.from("a")).details["hint"]).toContain(
      "new Uint8Array(buffer)",
    );
    expect(refusalOf({ toJSON: () => 1 }).details["hint"]).toContain("toJSON");
  });

  test("a cycle, with its path", () => {
    const a: Record<string, unknown> = {};
    a["b"] = { a };
    const error = thrownBy(() => codec.encode(a, { root: "a" }));
    expect(error.code).toBe("UNSERIALIZABLE");
    expect(error.message).toContain("cycle at a.b.a");
    const map = new Map<string, unknown>();
    map.set("self", [map]);
    expect(pathOf(map)).toBe("input.values[0][0]");
  });

  test("a value whose own code throws, with the thrown value as the cause", () => {
    const cause = new Error("boom");
    const fail = () => {
      throw cause;
    };
    const holders: readonly (readonly [string, object])[] = [
      [".a", Object.defineProperty({}, "a", { get: fail, enumerable: true })],
      ["", new Proxy({}, { ownKeys: fail })],
      ["", new Proxy({}, { getPrototypeOf: fail })],
      ["", new Proxy([], { get: fail })],
      ["", new Proxy({ a: 1 }, { getOwnPropertyDescriptor: fail })],
    ];
    for (const [path, holder] of holders) {
      const error = refusalOf([{ fine: 1 }, { holder }]);
      expect(error.code).toBe("UNSERIALIZABLE");
      expect(error.cause).toBe(cause);
      expect(error.details["path"]).toBe(`input[1].holder${path}`);
    }
  });

  test("a value whose own code throws nothing, an error of ours, or a TypeError", () => {
    const throwing = (thrown: unknown) =>
      Object.defineProperty({}, "a", {
        enumerable: true,
        get() {
          throw thrown;
        },
      });
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    for (const value of [
      throwing(undefined),
      throwing(new HandbackError("CLOSED", "closed")),
      proxy,
      new Proxy(new Map(), {}),
    ]) {
      expect(refusalOf([value]).code).toBe("UNSERIALIZABLE");
      expect(refusalOf([value]).details["path"]).toMatch(/^input\[0\]/);
    }
  });

  test("values nested deeper than the limit, however deep", () => {
    expect(roundTrip(nested(MAX_DEPTH))).toStrictEqual(nested(MAX_DEPTH));
    for (const depth of [MAX_DEPTH + 1, 200_000])
      expect(codeOf(() => codec.encode(nested(depth)))).toBe("TOO_DEEP");
    const endless: object = new Proxy({ a: 1 }, { get: () => new Proxy(endless, {}) });
    expect(codeOf(() => codec.encode(endless))).toBe("TOO_DEEP");
  });

  test("values larger than the limit, with the limit in the error", () => {
    const limit = 10;
    for (const value of [
      "x".repeat(9),
      [1, 2, 3, 4, 5],
      { abcdefghi: 1 },
      new Uint8Array(9),
      "\0\0",
      new Set([1]),
      12345678901n,
    ]) {
      const { code, details } = thrownBy(() => codec.encode(value, { limit }));
      expect(code).toBe("PAYLOAD_TOO_LARGE");
      expect(details["limit"]).toBe(limit);
      expect(details["size"]).toBeGreaterThan(limit);
    }
    expect(codec.encode("x".repeat(8), { limit })).toHaveLength(limit);
  });

  test("values larger than the limit across the segments of a template", () => {
    expect(codeOf(() => codec.encodeTemplate(["xxxx", new Hole(1), "xxxx"], { limit: 12 }))).toBe(
      "PAYLOAD_TOO_LARGE",
    );
  });

  test("values larger than 32 MiB of text if no limit is given", () => {
    expect(codec.encode("x".repeat(DEFAULT_PAYLOAD_LIMIT - 2))).toHaveLength(DEFAULT_PAYLOAD_LIMIT);
    expect(codeOf(() => codec.encode("x".repeat(DEFAULT_PAYLOAD_LIMIT - 1)))).toBe(
      "PAYLOAD_TOO_LARGE",
    );
  });

  test("huge strings, keys, bytes and lists before their text is made", () => {
    const huge = "x".repeat(2 ** 29 - 24);
    expect(codeOf(() => codec.encode({ a: [huge] }))).toBe("PAYLOAD_TOO_LARGE");
    expect(codeOf(() => codec.encode({ ["k".repeat(100_000_000)]: 1 }))).toBe("PAYLOAD_TOO_LARGE");
    // The size is that of the bytes alone: the tag around them was not written.
    expect(refusalOf(new Uint8Array(99_000_000)).details).toMatchObject({
      size: 132_000_000,
      limit: DEFAULT_PAYLOAD_LIMIT,
    });
    const endless = new Proxy([], { get: (_, name) => (name === "length" ? 1e15 : name) });
    expect(codeOf(() => codec.encode(endless, { limit: 1e6 }))).toBe("PAYLOAD_TOO_LARGE");
  });
});

describe("decoding", () => {
  test.each([
    '{"$":[]}',
    '{"$":["Function","x"]}',
    '{"$":["nope",1]}',
    '{"$":["__proto__",1]}',
    '{"$":"date"}',
    '{"$":null}',
    '{"$":["undefined",1]}',
    '{"$":[["date"],"1970-01-01T00:00:00.000Z"]}',
    '{"$":["undefined"],"a":1}',
    '{"$a":1}',
    '{"a":1,"$b":1}',
    '{"$":["number",5]}',
    '{"$":["number","5"]}',
    '{"$":["number","__proto__"]}',
    '{"$":["bigint",5]}',
    '{"$":["bigint",""]}',
    '{"$":["bigint","0x10"]}',
    '{"$":["bigint","-0"]}',
    '{"$":["bigint","1",2]}',
    '{"$":["date",0]}',
    '{"$":["date","1970"]}',
    '{"$":["date","1970-13-01T00:00:00.000Z"]}',
    '{"$":["date",{"toISOString":1}]}',
    '{"$":["map",{}]}',
    '{"$":["map",[1]]}',
    '{"$":["map",[[1]]]}',
    '{"$":["map",[[1,2,3]]]}',
    '{"$":["set",{"length":1e9}]}',
    '{"$":["bytes",5]}',
    '{"$":["bytes","A"]}',
    '{"$":["bytes","AB=="]}',
    '{"$":["bytes","AA==AA=="]}',
    '{"$":["bytes","A A="]}',
    '{"$":["bytes","===="]}',
    '{"$":["point",{"y":1}]}',
    '{"$":["point"]}',
    '{"a":[{"$":["map",[[{"$":["nope",1]},1]]]}]}',
  ])("rejects %s: no codec wrote it", (text) => {
    expect(codeOf(() => codec.decode(foreign(text)))).toBe("UNSERIALIZABLE");
  });

  test("accepts any depth, because spliced texts may be deeper than the stack", () => {
    const depth = 200_000;
    const text = foreign(`${'[{"$$a":{"$":["set",['.repeat(depth)}1${"]]}}]".repeat(depth)}`);
    expect(Array.isArray(codec.decode(text))).toBe(true);
  });

  test("accepts JSON with many keys", () => {
    const text = foreign(
      `{${Array.from({ length: 200_000 }, (_, index) => `"$$${index}":1`).join(",")}}`,
    );
    expect(Object.keys(codec.decode(text) ?? {})).toHaveLength(200_000);
  });
});

describe("a template", () => {
  test("takes exactly one text for each hole", () => {
    expect(fillTemplate(["[", ",", "]"], [UNDEFINED, codec.encode(1)])).toBe(
      '[{"$":["undefined"]},1]',
    );
    expect(codeOf(() => fillTemplate(["[", "]"], []))).toBe("UNSERIALIZABLE");
    expect(codeOf(() => fillTemplate([], []))).toBe("UNSERIALIZABLE");
  });

  test("keeps a property whose hole turns out undefined", () => {
    const { segments } = codec.encodeTemplate({ a: new Hole(undefined) });
    expect(codec.decode(fillTemplate(segments, [UNDEFINED]))).toStrictEqual({ a: undefined });
  });
});

describe("a codec", () => {
  test("names the hole at a wrong place in the error that it was given", () => {
    const strict = makeCodec({
      isHole: (value) => value instanceof Hole,
      holeError: (path) => new HandbackError("FUTURE_IN_STATE", path, { details: { path } }),
    });
    const error = thrownBy(() => strict.encode({ a: [new Hole(1)] }, { root: "state" }));
    expect(error.code).toBe("FUTURE_IN_STATE");
    expect(error.details["path"]).toBe("state.a[0]");
  });

  test("passes on HandbackErrors of an extension, and wraps all other errors", () => {
    const failing = (error: Error) =>
      makeCodec({
        extensions: [
          {
            ...POINT,
            encode() {
              throw error;
            },
          },
        ],
      });
    expect(
      codeOf(() => failing(new HandbackError("FOREIGN_HANDLE", "x")).encode([new Point(1)])),
    ).toBe("FOREIGN_HANDLE");
    expect(codeOf(() => failing(new Error("x")).encode([new Point(1)]))).toBe("UNSERIALIZABLE");
  });

  test("rejects two extensions with one tag, and built-in tags", () => {
    expect(codeOf(() => makeCodec({ extensions: [POINT, POINT] }))).toBe("INVALID_OPTIONS");
    expect(codeOf(() => makeCodec({ extensions: [{ ...POINT, tag: "date" }] }))).toBe(
      "INVALID_OPTIONS",
    );
  });
});

/** Replaces holes with their values. */
function plug(value: unknown): unknown {
  if (value instanceof Hole) return value.value;
  if (Array.isArray(value)) return value.map(plug);
  if (value instanceof Map)
    return new Map([...value].map(([name, item]) => [plug(name), plug(item)]));
  if (value instanceof Set) return new Set([...value].map(plug));
  if (
    typeof value !== "object" ||
    value === null ||
    Object.getPrototypeOf(value) !== Object.prototype
  )
    return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plug(item)]));
}
