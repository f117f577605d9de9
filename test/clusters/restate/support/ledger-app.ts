/**
 * A program that a test kills: it serves the functions of the ledger. Arguments: port, ingress. Writes
 * the key of each run of a handler to its standard output, and warnings and errors to standard error.
 */
import { createServer } from "node:http2";
import { restate } from "../../../../src/restate/index.ts";
import { ledger } from "./ledger-functions.ts";

const [port, ingress = ""] = process.argv.slice(2);
const warn = (line: string, facts?: object): void =>
  void process.stderr.write(`${line} ${JSON.stringify(facts)}\n`);
const engine = restate({
  functions: [ledger.add],
  application: "ledger",
  ingress: [ingress],
  log: {
    debug: () => undefined,
    info: (line) => void process.stdout.write(`${line}\n`),
    warn,
    error: warn,
  },
});
createServer(engine.handler).listen(Number(port), "127.0.0.1");
