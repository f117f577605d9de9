import type { Verdict } from "../history/verdict.ts";

/** Tells whether nothing is wrong but that the store was refused, because its log is missing. */
export function isRefused({ violations }: Pick<Verdict, "violations">): boolean {
  return violations.length > 0 && violations.every(({ said }) => said.includes("STORE_INCOMPLETE"));
}
