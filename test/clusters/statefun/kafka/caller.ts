/**
 * Calls functions of the shop through Kafka: `node caller.ts BROKER NAME CALLS`. Prints the results as
 * JSON, and ends.
 */
import { statefun } from "../../../../src/statefun/index.ts";
import { kafka } from "../../../../src/statefun/kafka.ts";
import { echo, SHOP, WAY } from "./functions.ts";

const [broker = "", name = "", calls = "0"] = process.argv.slice(2);
const engine = statefun({ functions: SHOP, ...kafka({ brokers: [broker], name: WAY }) });
const texts = Array.from({ length: Number(calls) }, (_, n) => `${name} ${n}`);
console.log(JSON.stringify(await Promise.all(texts.map((text) => engine.client.call(echo, text)))));
engine.close();
