/**
 * Serves the functions of the bank: `node program.ts PORT CRASH_MARKS`. Loses every tenth answer. Ends
 * with its standard input, so that it does not outlive its test.
 */
import { createServer } from "node:http";
import { silentLog } from "../../../../src/engine.ts";
import { answerNode } from "../../../../src/engines/statefun/http/node-handler.ts";
import { statefun } from "../../../../src/statefun/index.ts";
import { BANK, REPLIES } from "./functions.ts";

const LOST_EVERY = 10;

const [port, crashMarks = ""] = process.argv.slice(2);
const { handle } = statefun({
  functions: BANK,
  // The client is in another process.
  ingress: { send: async () => undefined },
  egress: { type: REPLIES, receive: () => () => undefined },
  crashMarks,
});

let requests = 0;
async function answer(request: Uint8Array): Promise<Uint8Array> {
  const answered = await handle(request);
  if (++requests % LOST_EVERY === 0) throw new Error("this answer is lost");
  return answered;
}

const server = createServer((request, response) => {
  answerNode(request, response, answer, silentLog).catch(() => response.destroy());
});
server.keepAliveTimeout = 20_000;
server.listen(Number(port), "127.0.0.1", () => console.log("listening"));
process.stdin.resume().on("end", () => process.exit());
