/**
 * The process under test: `node app.ts <store> <life> <seed>`. It calls, and prints its history,
 * until it is killed.
 */
import { embedded, sqlite } from "../../src/index.ts";
import { SeededRandom } from "../../src/testing/simulation/faults/seeded-random.ts";
import { writeLine } from "../client/ledger-writer.ts";
import { Callers } from "./callers.ts";
import { quick, register } from "./objects.ts";

const CALLERS = 8;
const OBJECTS = 3;

const [path = "", life = "1", seed = "1"] = process.argv.slice(2);
const random = new SeededRandom(Number(seed));
const engine = await embedded({
  functions: [register, quick],
  store: sqlite(path),
  // Detection would hold back the calls of killed processes.
  crashLimit: Number.POSITIVE_INFINITY,
});
const callers = new Callers({
  client: engine.client,
  record: writeLine,
  random: () => random.below(2 ** 30) / 2 ** 30,
  life: Number(life),
  objects: OBJECTS,
});
await Promise.all(Array.from({ length: CALLERS }, () => callers.run(() => false)));
