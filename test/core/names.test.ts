import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  checkFlowKey,
  checkFunctionType,
  checkId,
  checkName,
} from "../../src/core/validation/names.ts";
import { codeOf, thrownBy } from "../support/thrown.ts";

const NOT_STRINGS: readonly unknown[] = [
  undefined,
  null,
  0,
  1n,
  true,
  {},
  ["a"],
  new String("a"),
  Symbol("a"),
  () => "a",
];
const ODD_NAMES = [
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "prototype",
  "a b",
  "größe",
  "支払い",
  "🙂",
  "...",
];
const FLAWED_NAMES = {
  "is empty": "",
  "is a dot": ".",
  "is two dots": "..",
  "holds a backslash": "a\\b",
  "holds a hash": "a#b",
  "holds a question mark": "a?b",
  "holds a NUL": "a\0b",
  "holds a newline": "a\nb",
  "holds a control character": "a\u001bb",
  "holds a C1 control character": "a\u0085b",
  "holds a line separator": "a\u2028b",
  "starts with @": "@a",
  "holds half of a surrogate pair": "a\ud800",
  "is not in NFC": "e\u0301",
};

describe("a name", () => {
  test.each(["a", "order.placed", "a@b", "_sys", ...ODD_NAMES])("may be %j", (name) => {
    expect(checkName(name, "value name")).toBe(name);
  });

  test.each(Object.entries(FLAWED_NAMES))("that %s is rejected", (_, name) => {
    expect(codeOf(() => checkName(name, "value name"))).toBe("INVALID_NAME");
  });

  test("with a slash is rejected", () => {
    expect(codeOf(() => checkName("a/b", "value name"))).toBe("INVALID_NAME");
  });

  test("has at most 200 bytes of UTF-8", () => {
    expect(checkName("ü".repeat(100), "value name")).toHaveLength(100);
    expect(checkName("🙂".repeat(50), "value name")).toHaveLength(100);
    expect(codeOf(() => checkName(`${"ü".repeat(100)}a`, "value name"))).toBe("INVALID_NAME");
    expect(codeOf(() => checkName("\u0800".repeat(67), "value name"))).toBe("INVALID_NAME");
  });

  test.each(NOT_STRINGS)("must be a string, not %o", (name) => {
    expect(codeOf(() => checkName(name, "value name"))).toBe("INVALID_NAME");
  });
});

describe("a function type", () => {
  test.each(["shop/order", ...ODD_NAMES.flatMap((name) => [`a/${name}`, `${name}/a`])])(
    "may be %j",
    (type) => {
      expect(checkFunctionType(type)).toBe(type);
    },
  );

  test.each(["", "/", "a", "a/", "/a", "a//b", "a/b/c", "/a/b"])(
    "%j is rejected: exactly one slash, with a name on each side",
    (type) => {
      expect(codeOf(() => checkFunctionType(type))).toBe("INVALID_NAME");
    },
  );

  test.each(Object.entries(FLAWED_NAMES))("with a part that %s is rejected", (_, part) => {
    expect(codeOf(() => checkFunctionType(`${part}/a`))).toBe("INVALID_NAME");
    expect(codeOf(() => checkFunctionType(`a/${part}`))).toBe("INVALID_NAME");
  });

  test("in the namespace _sys is rejected, and only there", () => {
    expect(codeOf(() => checkFunctionType("_sys/order"))).toBe("INVALID_NAME");
    expect(checkFunctionType("_system/_sys")).toBe("_system/_sys");
  });

  test("has at most 200 bytes as a whole", () => {
    expect(checkFunctionType(`a/${"b".repeat(198)}`)).toHaveLength(200);
    expect(codeOf(() => checkFunctionType(`a/${"b".repeat(199)}`))).toBe("INVALID_NAME");
    expect(codeOf(() => checkFunctionType(`${"ü".repeat(60)}/${"ü".repeat(60)}`))).toBe(
      "INVALID_NAME",
    );
  });

  test.each(NOT_STRINGS)("must be a string, not %o", (type) => {
    expect(codeOf(() => checkFunctionType(type))).toBe("INVALID_NAME");
  });
});

describe("an id", () => {
  test.each([
    "a",
    "0",
    "a/b",
    "%2F",
    " ",
    "a b",
    "🙂",
    "__proto__",
    "constructor",
    "..",
    "\n",
    "e\u0301",
  ])("may be %j", (id) => {
    expect(checkId(id, "id")).toBe(id);
  });

  test.each(NOT_STRINGS)('is a string, not %o: 0 and "0" never alias', (id) => {
    expect(codeOf(() => checkId(id, "id"))).toBe("INVALID_KEY");
  });

  test.each(["", "a\0", "\ud800", "a\udc00b"])("%j is rejected", (id) => {
    expect(codeOf(() => checkId(id, "id"))).toBe("INVALID_KEY");
  });

  test("has at most 1,024 bytes of UTF-8", () => {
    expect(checkId("🙂".repeat(256), "id")).toHaveLength(512);
    expect(codeOf(() => checkId(`${"🙂".repeat(256)}a`, "id"))).toBe("INVALID_KEY");
    expect(codeOf(() => checkId("a".repeat(100_000_000), "id"))).toBe("INVALID_KEY");
  });

  test("is accepted exactly if it has no NUL and UTF-8 keeps it within the limit", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 400 }), (id) => {
        const bytes = Buffer.from(id);
        const kept =
          bytes.length >= 1 &&
          bytes.length <= 1024 &&
          bytes.toString() === id &&
          !id.includes("\0");
        if (kept) expect(checkId(id, "id")).toBe(id);
        else expect(codeOf(() => checkId(id, "id"))).toBe("INVALID_KEY");
      }),
    );
  });
});

describe("a flow key", () => {
  test.each(["a", " a ", "order/7", "🙂", "__proto__", "k".repeat(256)])("may be %j", (key) => {
    expect(checkFlowKey(key)).toBe(key);
  });

  test.each(["", " ", "\t\n\u3000", "k".repeat(257), "a\0", "\udc00"])(
    "%j is rejected, and never treated as absent",
    (key) => {
      expect(codeOf(() => checkFlowKey(key))).toBe("INVALID_IDEMPOTENCY_KEY");
    },
  );

  test.each(NOT_STRINGS)("must be a string, not %o", (key) => {
    expect(codeOf(() => checkFlowKey(key))).toBe("INVALID_IDEMPOTENCY_KEY");
  });
});

describe("an error", () => {
  test("names the thing and shows the value, bounded and on one line", () => {
    const { message } = thrownBy(() =>
      checkName(`\r\n\u001b[2J\u202e${"x".repeat(1e6)}`, "event name"),
    );
    expect(message).toContain("event name");
    expect(message.length).toBeLessThan(400);
    expect(message).not.toMatch(/[\r\n\u001b\u202e]/);
  });

  test("runs no code of the value, even of a revoked Proxy", () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(codeOf(() => checkId(proxy, "id"))).toBe("INVALID_KEY");
    expect(codeOf(() => checkId({ toString: () => expect.unreachable() }, "id"))).toBe(
      "INVALID_KEY",
    );
  });

  test("comes at once for a text of any length", () => {
    for (const text of ["/", "\\", "a/", "@", "é", "e\u0301", "\ud800"].map((unit) =>
      unit.repeat(10_000_000),
    )) {
      expect(codeOf(() => checkFunctionType(text))).toBe("INVALID_NAME");
      expect(codeOf(() => checkName(text, "name"))).toBe("INVALID_NAME");
      expect(codeOf(() => checkFlowKey(text))).toBe("INVALID_IDEMPOTENCY_KEY");
    }
  });
});
