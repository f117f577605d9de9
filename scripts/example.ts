/** Runs an example by name, with the sources: `npm run example -- order-checkout`. */
import { readdirSync, readFileSync } from "node:fs";
import "./source-imports.ts";

const folder = new URL("../examples/", import.meta.url);
const names = readdirSync(folder).flatMap((each) =>
  each.endsWith(".ts") ? [each.slice(0, -".ts".length)] : [],
);

/** Lists the names, with the first sentence of each example. */
function usage(): string {
  const width = Math.max(...names.map((each) => each.length));
  const lines = names.map((each) => {
    const [, shows = ""] =
      /^ \* Shows ([^:\n]+)/m.exec(readFileSync(new URL(`${each}.ts`, folder), "utf8")) ?? [];
    return `  ${each.padEnd(width)}  ${shows}`;
  });
  return ["usage: npm run example -- NAME, where NAME is one of", ...lines].join("\n");
}

const [name, ...others] = process.argv.slice(2);
if (name === "--help" || name === "-h") console.log(usage());
else if (name !== undefined && names.includes(name) && others.length === 0)
  await import(new URL(`${name}.ts`, folder).href);
else {
  if (name !== undefined)
    console.error(others.length > 0 ? "one example at a time" : `there is no example ${name}`);
  console.error(usage());
  process.exitCode = 1;
}
