import { posix } from "node:path";
import { isBuiltin } from "node:module";
import { parseSource, type Files, type Source } from "./source.ts";

interface Layer {
  /** Layers it may import, besides itself. */
  readonly sees: readonly string[];
  /** Packages and builtins it may import: exact names, `node:*` or `*`. */
  readonly packages: readonly string[];
  /** Whether it must get time, randomness and output from its arguments. */
  readonly pure?: boolean;
}

const EVERYTHING = [
  "core",
  "machine",
  "futures",
  "patterns",
  "adapters",
  "engines/*",
  "stores",
  "testing",
];

/** The contract between the embedded engine and its stores: all that this engine sees of them. */
const STORE_CONTRACT = "src/stores/store.ts";

/**
 * The imports that each layer may have. A layer is the first folder below `src`. Each engine is a
 * layer of its own. The wiring is named file by file.
 */
const LAYERS: Readonly<Record<string, Layer>> = {
  core: {
    sees: [],
    packages: ["node:buffer", "node:crypto", "node:util/types"],
    pure: true,
  },
  machine: { sees: ["core"], packages: ["node:*"] },
  futures: { sees: ["core"], packages: [], pure: true },
  patterns: { sees: ["core", "futures"], packages: [], pure: true },
  adapters: { sees: ["core", "futures"], packages: ["*"] },
  "engines/*": { sees: ["core", "machine"], packages: ["*", "node:*"] },
  stores: { sees: ["core", "machine"], packages: ["node:*"] },
  testing: { sees: ["core", "machine", "futures", "engines/embedded", "stores"], packages: ["*"] },
  statefun: { sees: EVERYTHING, packages: [] },
  restate: { sees: EVERYTHING, packages: ["@restatedev/restate-sdk"] },
  // It runs in browsers.
  client: { sees: ["core", "futures"], packages: [] },
  http: { sees: EVERYTHING, packages: ["*", "node:*"] },
  cli: { sees: [...EVERYTHING, "client", "http", "inspector"], packages: ["*", "node:*"] },
  inspector: { sees: [...EVERYTHING, "http"], packages: ["*", "node:*"] },
  wiring: { sees: EVERYTHING, packages: [] },
};

/** Files directly below `src`, which join what the layers offer. */
const WIRING = new Set([
  "src/index.ts",
  "src/embedded.ts",
  "src/engine.ts",
  "src/hosted-functions.ts",
]);

/** Says, as sentences, where files below `src` break the one-way order of imports or the purity of the inner layers. */
export function layerViolations(files: Files): string[] {
  const sources = new Map([...files].map(([path, text]) => [path, parseSource(path, text)]));
  const found: string[] = [];
  for (const [path, source] of sources) {
    const name = layerOf(path);
    const layer = LAYERS[name] ?? LAYERS[name.replace(/\/.*/, "/*")];
    if (!layer) found.push(`${path} is in no known layer`);
    else
      found.push(
        ...importViolations(path, source, layer),
        ...purityViolations(path, source, layer),
      );
  }
  return [...found, ...pastTheFace(sources), ...cycles(sources)];
}

function layerOf(path: string): string {
  if (WIRING.has(path)) return "wiring";
  const [, folder = "", engine = ""] = path.split("/");
  return folder === "engines" ? `engines/${engine}` : folder;
}

function importViolations(path: string, source: Source, layer: Layer): string[] {
  const own = layerOf(path);
  return source.imports.flatMap((specifier) => {
    if (!specifier.startsWith("."))
      return mayUsePackage(layer, specifier) ? [] : [`${path} imports ${specifier}`];
    const target = resolveImport(path, specifier);
    const other = layerOf(target);
    if (!target.startsWith("src/")) return [`${path} imports ${target}, outside of src`];
    if (posix.basename(target) === "index.ts") return [`${path} imports an index file, ${target}`];
    if (own === "engines/embedded" && target === STORE_CONTRACT) return [];
    const allowed =
      other === own ||
      layer.sees.includes(other) ||
      layer.sees.includes(other.replace(/\/.*/, "/*")) ||
      isWiring(own, other);
    return allowed ? [] : [`${path} (${own}) imports ${target} (${other})`];
  });
}

/** Patterns are made of what users have: of futures they see what `src/index.ts` shows, in so far as it is given. */
function pastTheFace(sources: ReadonlyMap<string, Source>): string[] {
  const index = sources.get("src/index.ts");
  if (index === undefined) return [];
  const face = new Set(index.imports.map((specifier) => resolveImport("src/index.ts", specifier)));
  const isHidden = (target: string): boolean => layerOf(target) === "futures" && !face.has(target);
  return [...sources].flatMap(([path, { imports }]) =>
    layerOf(path) !== "patterns"
      ? []
      : imports
          .map((specifier) => resolveImport(path, specifier))
          .filter(isHidden)
          .map((target) => `${path} imports ${target}, which src/index.ts does not show`),
  );
}

/** The edges may start an engine: they see the wiring too. */
function isWiring(own: string, other: string): boolean {
  return other === "wiring" && ["http", "cli", "inspector", "testing"].includes(own);
}

function mayUsePackage(layer: Layer, specifier: string): boolean {
  if (specifier === "handback" || specifier.startsWith("handback/")) return false;
  if (layer.packages.includes(specifier)) return true;
  return layer.packages.includes(isBuiltin(specifier) ? "node:*" : "*");
}

/** The file whose functions are real even where a test tool has replaced the global ones. */
const REAL_TIME = "src/machine/real-time.ts";
/** The same for browsers. */
const WEB_TIME = "src/client/requests/web-time.ts";

/** Uses of time that fake timers change. */
const FAKED =
  /^(node:(timers|timers\/promises|perf_hooks)#.*|Date\.now|new Date\(\)|performance|queueMicrotask|(set|clear)(Timeout|Interval|Immediate))$/;

function purityViolations(path: string, source: Source, layer: Layer): string[] {
  if (!layer.pure)
    return [...source.ambient, ...source.names]
      .filter(
        (use) =>
          FAKED.test(use) &&
          ![REAL_TIME, WEB_TIME].includes(path) &&
          !importsRealTime(path, source, use),
      )
      .map((use) => `${path} uses ${use}, which may be a fake; ${REAL_TIME} has a real one`);
  const random = source.names.filter((name) =>
    /^node:crypto#(random|webcrypto|getRandom|\*)/.test(name),
  );
  return [...source.ambient, ...random].map((use) => `${path} uses ${use}`);
}

function importsRealTime(path: string, source: Source, use: string): boolean {
  return source.names.some((name) => {
    const [specifier = "", imported] = name.split("#");
    return imported === use && resolveImport(path, specifier) === REAL_TIME;
  });
}

function resolveImport(from: string, specifier: string): string {
  return posix.join(posix.dirname(from), specifier);
}

/**
 * Names the cycles among rooms, as sentences. A room is a folder. Rooms import each other one way,
 * so a folder that has both files and rooms either uses its rooms or is used by them.
 */
export function roomCycles(files: Files): string[] {
  const rooms = new Map<string, Set<string>>();
  for (const [path, text] of files) {
    const room = posix.dirname(path);
    const seen = rooms.get(room) ?? new Set<string>();
    rooms.set(room, seen);
    for (const specifier of parseSource(path, text).imports) {
      const target = posix.dirname(resolveImport(path, specifier));
      if (specifier.startsWith(".") && target !== room) seen.add(target);
    }
  }
  return cyclesOf(rooms).map((cycle) => `rooms import each other: ${cycle.join(" -> ")}`);
}

function cycles(sources: ReadonlyMap<string, Source>): string[] {
  const graph = new Map<string, readonly string[]>();
  for (const [path, { imports }] of sources) {
    const relatives = imports.filter((specifier) => specifier.startsWith("."));
    graph.set(
      path,
      relatives.map((specifier) => resolveImport(path, specifier)),
    );
  }
  return cyclesOf(graph).map((cycle) => `import cycle: ${cycle.join(" -> ")}`);
}

/** Finds cycles depth first. Each is reported once, from the node where the search entered it. */
function cyclesOf(graph: ReadonlyMap<string, Iterable<string>>): readonly (readonly string[])[] {
  const found: string[][] = [];
  const finished = new Set<string>();
  const search = (path: string, trail: readonly string[]): void => {
    if (finished.has(path)) return;
    const start = trail.indexOf(path);
    if (start >= 0) {
      found.push([...trail.slice(start), path]);
      return;
    }
    for (const next of graph.get(path) ?? []) search(next, [...trail, path]);
    finished.add(path);
  };
  for (const path of graph.keys()) search(path, []);
  return found;
}
