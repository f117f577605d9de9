import { expect, test } from "vitest";
import { HandlerContext } from "../../src/futures/run/handler-context.ts";
import { membersOf } from "../support/interface-members.ts";

const CONTEXT = "src/futures/types/context.ts";

test.each(["Context", "HandlerEnvironment"])(
  "a handler's context has every member of %s, in its class or from a combinator",
  (interfaceName) => {
    const members = membersOf(CONTEXT, interfaceName);
    expect(members.length).toBeGreaterThan(5);
    expect(members.filter((name) => !(name in HandlerContext.prototype))).toEqual([]);
  },
);
