import { join } from "node:path";

/** Options of the Node that runs the app. Node 22 needs a flag to run TypeScript. */
export const NODE_OPTIONS = ["--no-warnings", "--experimental-strip-types"];

/**
 * Compile cache of Node, because a process that is soon killed should not compile the sources
 * again.
 */
export const COMPILE_CACHE = join(
  import.meta.dirname,
  "../../node_modules/.cache/handback-battery",
);
