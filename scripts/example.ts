/** Runs an example by its name, against the sources: `npm run example -- order-checkout`. */
import { readdirSync } from "node:fs";
import { registerHooks } from "node:module";

/** Where what users import is in the sources. */
const SOURCES = "../src";

registerHooks({
  resolve(specifier, context, next) {
    const [name, part = "."] = specifier.split(/\/(.*)/);
    if (name !== "handback") return next(specifier, context);
    return next(new URL(`${SOURCES}/${part}/index.ts`, import.meta.url).href, context);
  },
});

const [name] = process.argv.slice(2);
const folder = new URL("../examples/", import.meta.url);
const names = readdirSync(folder).flatMap((each) => (each.endsWith(".ts") ? [each.slice(0, -".ts".length)] : []));
if (name !== undefined && names.includes(name)) await import(new URL(`${name}.ts`, folder).href);
else {
  if (name !== undefined) console.error(`there is no example ${name}`);
  console.error(`usage: npm run example -- NAME, where NAME is one of ${names.join(", ")}`);
  process.exitCode = 1;
}
