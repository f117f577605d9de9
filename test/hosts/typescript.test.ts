import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { installed, installPackage, linkPackage, packPackage } from "../support/packed-package.ts";
import { parseSource, readFiles } from "../support/source.ts";

/** A compiler takes its time on a busy machine. */

/** The oldest supported compiler, the one before the newest, and the newest. */
const COMPILERS = { "5.4": "typescript-5", "6": "typescript-6", "7": "typescript" } as const;
type Version = keyof typeof COMPILERS;

const STRICT = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  target: "es2022",
  lib: ["es2023"],
  types: [],
  declaration: true,
  composite: true,
  outDir: "out",
  skipLibCheck: false,
};

let scratch = "";
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), "handback-typescript-"));
  installPackage(scratch, packPackage(join(scratch, "packed")).tarball);
  for (const name of ["fast-check", "hono", "@hono/node-server", "@types/node", "undici-types"])
    linkPackage(scratch, name);
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Compiles files in a project of their own. Returns what the compiler says. */
function compile(
  version: Version,
  compilerOptions: object,
  files: Readonly<Record<string, string>>,
  type: "module" | "commonjs" = "module",
): string {
  const project = mkdtempSync(join(scratch, "project-"));
  symlinkSync(join(scratch, "node_modules"), join(project, "node_modules"));
  writeFileSync(join(project, "package.json"), JSON.stringify({ type, private: true }));
  const tsconfig = {
    compilerOptions: { ...STRICT, ...compilerOptions },
    files: Object.keys(files),
  };
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify(tsconfig));
  for (const [name, text] of Object.entries(files)) {
    const path = join(project, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  const tsc = installed(`${COMPILERS[version]}/bin/tsc`);
  return spawnSync(process.execPath, [tsc, "-p", project], { encoding: "utf8" }).stdout;
}

const isPackage = (specifier: string): boolean => !specifier.startsWith(".");

/** Returns files of the folder beside this test. */
function filesOf(...names: readonly string[]): Record<string, string> {
  const all = readFiles("test/hosts/typescript", ".ts");
  return Object.fromEntries(
    names.map((name) => {
      const text = all.get(`test/hosts/typescript/${name}`) ?? "";
      return [name, text.replaceAll(/(from "\.\/[\w-]+)\.ts"/g, '$1.js"')];
    }),
  );
}

const definitions = (): Record<string, string> => filesOf("definitions.ts", "left-out.ts");
/** CommonJS has no `await` at the top level. */
const common = (): Record<string, string> => filesOf("definitions.ts");

const VERSIONS = ["5.4", "6", "7"] as const;
const NODENEXT = { module: "nodenext" };
const BUNDLER = { module: "esnext", moduleResolution: "bundler" };

describe.each(VERSIONS)(
  "TypeScript %s compiles every definition, without @types/node,",
  (version) => {
    test.each([
      ["nodenext", NODENEXT],
      ["node16", { module: "node16" }],
      ["bundler", BUNDLER],
    ])("as ES modules with %s", (_, options) => {
      expect(compile(version, options, definitions())).toBe("");
    });

    test("as CommonJS", () => {
      const options = version === "5.4" ? {} : { moduleResolution: "bundler" };
      expect(compile(version, NODENEXT, common(), "commonjs")).toBe("");
      expect(compile(version, { module: "commonjs", ...options }, common(), "commonjs")).toBe("");
    });
  },
);

test("TypeScript 5.4 resolves all entries as older projects do, with node10", () => {
  const options = {
    module: "commonjs",
    moduleResolution: "node10",
    skipLibCheck: true,
    types: ["node"],
  };
  const entries = ["engine", "http", "patterns", "testing"].map(
    (entry) => `export * as ${entry} from "handback/${entry}";`,
  );
  expect(compile("5.4", options, { "entries.ts": entries.join("\n") }, "commonjs")).toBe("");
});

test.each(["6", "7"] as const)(
  "TypeScript %s names the types of all results in declarations",
  (version) => {
    const files = filesOf("definitions.ts", "results.ts");
    expect(compile(version, { ...NODENEXT, types: ["node"] }, files)).toBe("");
  },
);

test.each(["6", "7"] as const)(
  "TypeScript %s compiles the examples with declarations",
  (version) => {
    // An example for a clone of the repository imports files of it, and is checked with them.
    const examples = [...readFiles("examples", ".ts")]
      .filter(([path, text]) => parseSource(path, text).imports.every(isPackage))
      .map(([path, text]) => [
        path.replace("examples/", ""),
        text.replaceAll(/^const /gm, "export const "),
      ]);
    expect(examples.length).toBeGreaterThan(5);
    const options = { ...NODENEXT, types: ["node"] };
    expect(compile(version, options, Object.fromEntries(examples))).toBe("");
  },
);

test.each(["6", "7"] as const)(
  "TypeScript %s compiles written types with isolatedDeclarations",
  (version) => {
    const options = { ...NODENEXT, isolatedDeclarations: true };
    expect(compile(version, options, filesOf("annotated.ts"))).toBe("");
  },
);

test.each(VERSIONS)("TypeScript %s says that an input without a type is unknown", (version) => {
  const program = `
    import { fn, stateful, value } from "handback";
    export const ship = fn("t/ship", (_ctx, order) => order.id);
    export const shipLater = fn("t/later", { timeout: "1m" }, (_ctx, order) => order.id);`;
  const said = compile(version, NODENEXT, { "unannotated.ts": program });
  expect(said.match(/error TS18046: 'order' is of type 'unknown'/g)).toHaveLength(2);
});

test.each(VERSIONS)(
  "TypeScript %s asks for the type of an operation's input, unless it has a default",
  (version) => {
    const program = `
    import { stateful, value } from "handback";
    const state = { n: value(0) };
    export const shop = stateful("t/shop", {
      state,
      handlers: { add: (ctx, n: number) => (ctx.state.n += n), ship: (_ctx, order) => order },
    });
    export const shelf = stateful("t/shelf", {
      state,
      handlers: { add: (ctx, n: number) => (ctx.state.n += n) },
      queries: { find: (ctx, order) => [ctx.state.n, order] },
    });
    export const right = stateful("t/right", {
      state,
      handlers: { add: (ctx, n = 1) => (ctx.state.n += n) },
      queries: { plus: (ctx, n = 1) => ctx.state.n + n },
    });`;
    const said = compile(version, NODENEXT, { "operations.ts": program });
    expect(said.match(/ to type '"annotate the input of this handler"'/g)).toHaveLength(2);
    expect(said.match(/error TS/g)).toHaveLength(2);
  },
);
