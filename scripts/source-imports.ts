import { registerHooks } from "node:module";

/** The sources of the package that examples import. */
const SOURCES = "../src";

registerHooks({
  resolve(specifier, context, next) {
    const [name, part = "."] = specifier.split(/\/(.*)/);
    if (name !== "handback") return next(specifier, context);
    return next(new URL(`${SOURCES}/${part}/index.ts`, import.meta.url).href, context);
  },
});
