/**
 * Builds the package into a fresh folder, `dist` by default: `node scripts/build.ts [folder]`.
 *
 *     dist/        ES modules, one for each source file
 *     dist/cjs/    CommonJS, bundled: one file for each entry, and the files that they share
 *     dist/types/  declarations, once for both
 *
 * The declarations count as CommonJS, because an ES module may use the types of a CommonJS one, and
 * the reverse is an error. So a value has the same type for `import` and for `require`.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { build, transform } from "esbuild";

/** A file that `package.json` exports: its source, and its name among the CommonJS files. */
interface Entry {
  readonly source: string;
  readonly name: string;
}

const out = process.argv[2] ?? "dist";
const COMMON = JSON.stringify({ type: "commonjs" });
/** Stands for `import.meta.url`, which CommonJS lacks. */
const MODULE_URL = "handbackModuleUrl";

rmSync(out, { recursive: true, force: true });
compile();
const entries = exportedFiles();
finishDeclarations(entries);
await bundleCommonJs(entries);

/** Compiles the ES modules and the declarations. */
function compile(): void {
  // By its path: the command `tsc` may be that of TypeScript 6, which builds the API reference.
  const tsc = ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"];
  const folders = ["--outDir", out, "--declarationDir", join(out, "types")];
  const { status } = spawnSync(process.execPath, [...tsc, ...folders], { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}

/** Reads the entries from the manifest, so that no other list of them exists. */
function exportedFiles(): readonly Entry[] {
  const { exports } = JSON.parse(readFileSync("package.json", "utf8")) as {
    exports: Record<string, string | Record<"import" | "require", { readonly default: string }>>;
  };
  return Object.values(exports).flatMap((target) =>
    typeof target === "string"
      ? []
      : {
          source: relative("dist", target.import.default).replace(/\.js$/, ".ts"),
          name: basename(target.require.default, ".js"),
        },
  );
}

/** Gives each entry its declarations, and the others the extensions that every TypeScript knows. */
function finishDeclarations(entries: readonly Entry[]): void {
  const types = join(out, "types");
  for (const file of readdirSync(types, { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".d.ts")) continue;
    const path = join(types, file);
    const text = readFileSync(path, "utf8");
    writeFileSync(path, text.replaceAll(/(["'])(\.{1,2}\/[^"']+)\.ts\1/g, "$1$2.js$1"));
  }
  writeFileSync(join(types, "package.json"), COMMON);
  for (const { source } of entries) {
    const path = join(out, source.replace(/\.ts$/, ".d.ts"));
    const target = relative(dirname(path), join(types, source)).replace(/\.ts$/, ".js");
    writeFileSync(path, `export * from "./${target}";\n`);
  }
}

/** Bundles the entries, with what they share in files of its own, and turns these into CommonJS. */
async function bundleCommonJs(entries: readonly Entry[]): Promise<void> {
  const { outputFiles } = await build({
    entryPoints: entries.map(({ source, name }) => ({ in: join("src", source), out: name })),
    outdir: join(out, "cjs"),
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node22.13",
    packages: "external",
    chunkNames: "shared-[hash]",
    write: false,
  });
  mkdirSync(join(out, "cjs"), { recursive: true });
  for (const { path, text } of outputFiles) {
    const { code } = await transform(text, {
      format: "cjs",
      platform: "node",
      target: "node22.13",
      define: { "import.meta.url": MODULE_URL },
    });
    writeFileSync(path, code.includes(MODULE_URL) ? withModuleUrl(code) : code);
  }
  writeFileSync(join(out, "cjs/package.json"), COMMON);
}

function withModuleUrl(code: string): string {
  const url = `require("node:url").pathToFileURL(__filename).href`;
  return `const ${MODULE_URL} = ${url};\n${code}`;
}
