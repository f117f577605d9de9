import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { parseSync, visitorKeys } from "oxc-parser";

/** The repository's folder. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Text of files by their path, relative to the repository, with `/`. */
export type Files = ReadonlyMap<string, string>;

/** Reads all files below `folder` whose name ends with `ending`. */
export function readFiles(folder: string, ending: string): Files {
  const found = new Map<string, string>();
  for (const entry of readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith(ending)) continue;
    const path = join(entry.parentPath, entry.name);
    found.set(relative(ROOT, path).split(sep).join("/"), readFileSync(path, "utf8"));
  }
  return new Map([...found].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** The parts of a source file that the checks use. */
export interface Source {
  /**
   * Module specifiers of all imports and re-exports: values, types, dynamic, and `import("...")`
   * types.
   */
  readonly imports: readonly string[];
  /** Names imported as values, as `specifier#name`. */
  readonly names: readonly string[];
  /** Free names and calls that reach the outside world, such as `process` or `Date.now`. */
  readonly ambient: readonly string[];
  /** Block comments that begin with `/**`, and their first lines. */
  readonly docs: readonly { readonly line: number; readonly text: string }[];
}

interface Node {
  readonly type: string;
  readonly [key: string]: unknown;
}

/** Parses a TypeScript file. Comments and strings never count as code. */
export function parseSource(path: string, text: string): Source {
  const { program, comments, errors } = parseSync(path, text);
  if (errors[0]) throw new Error(`${path}: ${errors[0].message}`);
  const imports = new Set<string>();
  const names = new Set<string>();
  const ambient = new Set<string>();
  walk(program as unknown as Node, undefined, "", (node, parent, key) => {
    if (isNode(node["source"]) && typeof node["source"]["value"] === "string") {
      const specifier = node["source"]["value"];
      imports.add(specifier);
      for (const name of importedNames(node)) names.add(`${specifier}#${name}`);
    }
    const found = ambientUse(node, parent, key);
    if (found) ambient.add(found);
  });
  const docs = comments
    .filter((comment) => comment.type === "Block" && comment.value.startsWith("*"))
    .map((comment) => ({ line: lineAt(text, comment.start), text: comment.value }));
  return { imports: [...imports], names: [...names], ambient: [...ambient], docs };
}

/** Returns the line, from 1, of the character at `offset`. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

function importedNames(node: Node): string[] {
  if (!Array.isArray(node["specifiers"])) return [];
  return (node["specifiers"] as Node[]).map((specifier) => {
    const imported = specifier["imported"];
    return isNode(imported) ? String(imported["name"]) : "*";
  });
}

const AMBIENT = new Set([
  "setTimeout",
  "setInterval",
  "setImmediate",
  "clearTimeout",
  "clearInterval",
  "clearImmediate",
  "queueMicrotask",
  "performance",
  "process",
  "console",
  "crypto",
]);

function ambientUse(node: Node, parent: Node | undefined, key: string): string | undefined {
  if (node.type === "MemberExpression") {
    const name = `${nameOf(node["object"])}.${nameOf(node["property"])}`;
    return name === "Date.now" || name === "Math.random" ? name : undefined;
  }
  if (
    node.type === "NewExpression" &&
    nameOf(node["callee"]) === "Date" &&
    (node["arguments"] as unknown[]).length === 0
  )
    return "new Date()";
  if (node.type !== "Identifier" || !AMBIENT.has(String(node["name"]))) return undefined;
  // A property of this name is not the global: `this.process`, `{ process: 1 }`, `interface A { process(): void }`.
  const isProperty = (key === "property" || key === "key") && parent?.["computed"] !== true;
  return isProperty && !(parent?.["shorthand"] === true) ? undefined : String(node["name"]);
}

function nameOf(node: unknown): string {
  return isNode(node) && node.type === "Identifier" ? String(node["name"]) : "";
}

function walk(
  node: Node,
  parent: Node | undefined,
  key: string,
  visit: (node: Node, parent: Node | undefined, key: string) => void,
): void {
  visit(node, parent, key);
  for (const child of visitorKeys[node.type] ?? []) {
    const value = node[child];
    for (const item of Array.isArray(value) ? value : [value])
      if (isNode(item)) walk(item, node, child, visit);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value;
}
