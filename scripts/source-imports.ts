import { registerHooks } from "node:module";

/** The sources of the package that examples import. */
const SOURCES = "../src";

registerHooks({
  resolve(specifier, context, next) {
    const [name, part = "."] = specifier.split(/\/(.*)/);
    if (name !== "handback") return next(specifier, context);
    const file = part.includes("/") ? `${part}.ts` : `${part}/index.ts`;
    return next(new URL(`${SOURCES}/${file}`, import.meta.url).href, context);
  },
});
