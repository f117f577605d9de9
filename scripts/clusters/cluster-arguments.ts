/** Arguments of the scripts that test a cluster. */
export const CLUSTER_ARGUMENTS = {
  all: { type: "boolean" },
  settings: { type: "string" },
  t: { type: "string", short: "t" },
} as const;

/** Random flows for the comparison of engines, in a run of all settings. */
const ALL_PROGRAMS = "200";

/**
 * Passes the settings of the conformance suite on to the tests, which read the choice from an
 * environment variable: all settings, or words of their names.
 */
export function chooseSettings(
  variable: string,
  { all, settings }: { readonly all?: boolean; readonly settings?: string },
): void {
  if (all === true) process.env["CLUSTER_PROGRAMS"] ??= ALL_PROGRAMS;
  const words = all === true ? "all" : settings;
  if (words !== undefined) process.env[variable] = words;
}
