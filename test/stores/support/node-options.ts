/** Options for a Node that runs our sources in a child process or a worker; Node 22 needs to be told that they are TypeScript. */
export const NODE_OPTIONS = ["--no-warnings", "--experimental-strip-types"];
