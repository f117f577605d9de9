import { embedded, fn, memory } from "handback";
import { restate } from "handback/restate";
import { requestReply } from "handback/statefun";
import { expect, test } from "vitest";

const functions = [fn("test/same", () => 1)];
const sinks = { "test/same": () => undefined };

test.each([
  ["embedded", () => embedded({ functions, egress: sinks, store: memory() })],
  ["restate", async () => restate({ functions, sinks })],
  ["requestReply", async () => requestReply({ functions, sinks })],
])("%s refuses a function and an egress of one name", async (_, open) => {
  await expect(open()).rejects.toMatchObject({ code: "DUPLICATE_FUNCTION" });
});
