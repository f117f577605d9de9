/** Options of the Node that runs the app. Node 22 needs a flag to run TypeScript. */
export const NODE_OPTIONS = ["--no-warnings", "--experimental-strip-types"];
