/** A program that a test kills: it serves the functions of the ledger. Arguments: port, ingress. */
import { createServer } from "node:http2";
import { restate } from "../../../../src/restate/index.ts";
import { ledger } from "./ledger-functions.ts";

const [port, ingress = ""] = process.argv.slice(2);
const log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: (line: string) => void process.stderr.write(`${line}\n`),
};
const engine = restate({
  functions: [ledger.add],
  application: "ledger",
  ingress: [ingress],
  log,
});
createServer(engine.handler).listen(Number(port), "127.0.0.1");
