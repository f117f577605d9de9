import type { Frame } from "./self-time.ts";

/** Parts of the whole that time is spent in, as shown. */
export const BUCKETS = [
  "SQLite",
  "SQLite commit, with fsync",
  "JSON",
  "hashes and random bytes",
  "codec",
  "core",
  "futures layer",
  "client",
  "engine",
  "store",
  "transfer between threads",
  "garbage collector",
  "Node",
  "native code",
  "bench",
  "idle",
] as const;

/** One of those parts. */
export type Bucket = (typeof BUCKETS)[number];

/** What comes first decides. */
const BY_PLACE: readonly (readonly [RegExp, Bucket])[] = [
  [/^sqlite:COMMIT/, "SQLite commit, with fsync"],
  [/^sqlite:/, "SQLite"],
  [/^json:/, "JSON"],
  [/^crypto:|^node:internal\/crypto/, "hashes and random bytes"],
  [/^wait:/, "idle"],
  [
    /^transfer:|^node:internal\/(worker|per_context\/messageport|structured_clone)/,
    "transfer between threads",
  ],
  [/\/src\/core\/codec\//, "codec"],
  [/\/src\/core\//, "core"],
  [/\/src\/futures\/client\.ts$/, "client"],
  [/\/src\/futures\//, "futures layer"],
  [/\/src\/engines\/embedded\/(sqlite|memory|store|writer|lock)[\w-]*\.ts$/, "store"],
  [/\/src\//, "engine"],
  [/\/bench\//, "bench"],
  [/^node:/, "Node"],
];

/** What has no place: what V8 does, and native functions that Node calls. */
const BY_NAME: Readonly<Partial<Record<string, Bucket>>> = {
  "(idle)": "idle",
  "(garbage collector)": "garbage collector",
  postMessage: "transfer between threads",
};

/** Says which part a function belongs to: by its place, if it has one. */
export function bucketOf({ name, url }: Frame): Bucket {
  if (url === "") return BY_NAME[name] ?? "native code";
  return BY_PLACE.find(([place]) => place.test(url))?.[1] ?? "native code";
}
