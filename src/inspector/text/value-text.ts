import { plainJson } from "../../http/responses/plain-json.ts";

const LONGEST = 20_000;

/** Writes a value of a flow as JSON for people. A long one is cut. */
export function valueText(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(plainJson(value), null, 2) ?? "nothing";
  return shortened(text, LONGEST);
}

/** Cuts a text that is longer than `longest`. */
export function shortened(text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 1)}…`;
}
