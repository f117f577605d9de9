/**
 * Tests the package as programs of users see it: packed and installed, in Jest, Nest, tsx and workers,
 * compiled by several releases of TypeScript, behind Express and Fastify. Arguments name test files,
 * and `-t` names tests. Ends with `N passed, N failed`.
 */
import { parseArgs } from "node:util";
import { runVitest } from "./support/run-vitest.ts";

const { values, positionals: files } = parseArgs({
  allowPositionals: true,
  options: { t: { type: "string", short: "t" } },
});
await runVitest({ folder: "test/hosts", files, name: values.t });
