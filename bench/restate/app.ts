/** The program whose handlers are measured. Arguments: port, ingress, calls that are carried. */
import { createEndpointHandler } from "@restatedev/restate-sdk";
import { createServer } from "node:http2";
import { restate } from "../../src/restate/index.ts";
import { measured } from "./functions.ts";
import { native } from "./native.ts";

const [port, ingress = "", carry] = process.argv.slice(2);
const engine = restate({
  functions: Object.values(measured),
  application: "bench",
  ingress: [ingress],
  carry: Number(carry) === 0 ? false : Number(carry),
});
const handler = createEndpointHandler({
  services: [...engine.services, ...native],
  logger: () => undefined,
});
createServer(handler).listen(Number(port), "127.0.0.1");
