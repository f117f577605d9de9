/**
 * Tries to open a store that is open elsewhere, as a process or a thread. Prints the code of the
 * error, or `open`.
 */
import { sqlite } from "../../src/index.ts";
import { codeOf } from "../client/recording-client.ts";

const [path = ""] = process.argv.slice(2);
console.log(
  await sqlite(path)
    .open()
    .then(() => "open", codeOf),
);
