/**
 * Shows a typed client over HTTP: it starts a flow, reads its stream, and survives a restart.
 *
 * The client is what runs in a browser. It knows the functions by their types only. In the middle
 * of the story the server stops and comes back: the client connects again, and misses no word.
 */
import { embedded, fn, memory } from "handback";
import { createClient, HandbackError } from "handback/client";
import { asyncHttp, serveHttp } from "handback/http";

/** Tells a story in two parts. The second waits for a word of the reader. */
const tell = fn("story/tell", async (ctx, hero: string) => {
  for (const word of ["once", "there", "was", hero]) await ctx.emit("words", word);
  return ctx.onComplete(ctx.event<string>("wish"), end, hero);
});
const end = fn("story/end", async (ctx, { result: wish, args: hero }: Wish) => {
  for (const word of ["who", "wanted", wish]) await ctx.emit("words", word);
  return { hero, wish };
});
type Wish = { result: string; args: string };

const functions = [tell];
const engine = await embedded({ functions: [tell, end], store: memory() });
const app = asyncHttp(engine.client, { functions });
let server = await serveHttp(app);

const client = createClient<typeof functions>(server.url);
const flow = await client.start("story/tell", "a bee");
const words: string[] = [];
for await (const { value } of flow.stream<string>("words")) {
  words.push(value);
  if (words.length !== 4) continue;
  console.log(words.join(" "));
  await server.close();
  server = await serveHttp(app, { port: server.port });
  await client.signal(flow, "wish", "rain", { key: "the only wish" });
}
console.log(words.slice(4).join(" "));

const { hero, wish } = await flow.result();
console.log(`${hero} got ${wish}`);
const unknown = await client.status("nobody-knows").catch((error: unknown) => error);
console.log(HandbackError.is(unknown, "NOT_FOUND"));
await Promise.all([server.close(), engine.close()]);
