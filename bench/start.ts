/** Starts the benches of an engine: `--engine restate`, or those of the embedded engine. */
const at = process.argv.indexOf("--engine");
const isRestate = at > 0 && process.argv[at + 1] === "restate";

export const started = isRestate ? import("./restate/main.ts") : import("./main.ts");
