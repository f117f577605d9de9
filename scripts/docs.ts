/**
 * Builds the API reference from the doc comments, into `api/` or the folder that is passed. Fails
 * if a comment links to a name that is not in the reference.
 *
 * TypeDoc uses the compiler as a library, which TypeScript 7 is not. So it gets TypeScript 6, which
 * is installed as `typescript-6`.
 */
import { registerHooks } from "node:module";

registerHooks({
  resolve: (specifier, context, next) =>
    next(specifier === "typescript" ? "typescript-6" : specifier, context),
});
// Loaded after the hook is in place.
const { Application } = await import("typedoc");

const [api = "api"] = process.argv.slice(2);
const app = await Application.bootstrap({
  name: "Handback",
  entryPoints: [
    "index",
    "patterns/index",
    "http/index",
    "client/index",
    "inspector/index",
    "testing/index",
    "engine",
  ].map((path) => `src/${path}.ts`),
  tsconfig: "tsconfig.build.json",
  readme: "none",
  out: api,
  excludeInternal: true,
  githubPages: false,
  // Helper types are part of signatures, and are not exported on purpose.
  validation: { notExported: false, invalidLink: true, invalidPath: true },
  // `npm run types` checks the code, with TypeScript 7.
  skipErrorChecking: true,
});
const project = await app.convert();
if (project !== undefined) {
  app.validate(project);
  await app.generateOutputs(project);
}
const ok = project !== undefined && app.logger.errorCount + app.logger.warningCount === 0;
process.exitCode = ok ? 0 : 1;
