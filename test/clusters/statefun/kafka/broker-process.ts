/** Starts a broker in a folder: `node broker-process.ts FOLDER`. Prints its address, and waits to be killed. */
import { Broker } from "../support/broker.ts";

const [folder = ""] = process.argv.slice(2);
const { address } = await Broker.start(folder);
console.log(address);
setInterval(() => undefined, 60_000);
