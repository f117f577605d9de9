/** Options of the Node that runs the app; Node 22 needs to be told that our sources are TypeScript. */
export const NODE_OPTIONS = ["--no-warnings", "--experimental-strip-types"];
