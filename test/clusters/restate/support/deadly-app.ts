/**
 * A program that some messages crash. Arguments: port, ingress, file of the crash marks, and a file that
 * makes these messages harmless once it is there. Writes a line for each handler that begins.
 */
import { existsSync } from "node:fs";
import { createServer } from "node:http2";
import { restate } from "../../../../src/restate/index.ts";
import { deadlyFunctions } from "./deadly-functions.ts";

const [port, ingress = "", crashMarks = "", antidote = ""] = process.argv.slice(2);
const functions = deadlyFunctions(() => {
  if (!existsSync(antidote)) process.kill(process.pid, "SIGKILL");
});
const engine = restate({
  functions: Object.values(functions),
  application: "deadly",
  ingress: [ingress],
  crashMarks,
});
createServer(engine.handler).listen(Number(port), "127.0.0.1");
