/**
 * A server for tests that kill it. Serves flows on a given store, and prints its address or the
 * reason why it has none.
 */
import { writeSync } from "node:fs";
import { embedded, fn, HandbackError, sqlite } from "../../src/index.ts";
import { asyncHttp, serveHttp } from "../../src/http/index.ts";

const [path = "", ends = "no"] = process.argv.slice(2);
const work = fn("child/work", (_, what: string) =>
  ends === "yes" ? `${what} is done` : new Promise<string>(() => undefined),
);
const ask = fn("child/ask", (ctx, what: string) =>
  ctx.onComplete(ctx.event<string>("word"), told, what),
);
const told = fn(
  "child/told",
  (_, { result, args }: { result: string; args: string }) => `${args}: ${result}`,
);

try {
  const engine = await embedded({ functions: [work, ask, told], store: sqlite(path) });
  const { url } = await serveHttp(asyncHttp(engine.client, { functions: [work, ask] }));
  writeSync(1, `${url}\n`);
} catch (error) {
  writeSync(1, `${HandbackError.is(error) ? error.code : String(error)}\n`);
}
