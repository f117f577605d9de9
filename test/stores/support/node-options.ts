/**
 * Options of Node to run TypeScript sources in a child process or a worker; Node 22 needs the flag.
 */
export const NODE_OPTIONS = ["--no-warnings", "--experimental-strip-types"];
