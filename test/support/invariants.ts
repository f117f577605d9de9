import type { Files } from "./source.ts";

/** An invariant, and where it is stated or listed. */
export interface Invariant {
  /** Letters and a number, such as `X1`. */
  readonly code: string;
  readonly files: readonly string[];
}

/** A code at the head of an item of a list, in a doc comment. */
const STATED = /^ *\* (?:- )?([A-Z]{1,3}\d+)[.:]? \S/gm;
/** A row of a table: codes or ranges of codes, and files. */
const ROW = /^\| ((?:[A-Z]{1,3}\d+(?:-[A-Z]{1,3}\d+)?(?:, )?)+) \| (.+?) \|/gm;

/** Finds the invariants that comments of source files state. */
export function statedInvariants(sources: Files): readonly Invariant[] {
  return [...sources].flatMap(([path, text]) =>
    Array.from(text.matchAll(STATED), ([, code = ""]) => ({ code, files: [path] })),
  );
}

/** Finds the invariants in the table of a page. The files are those of the row. */
export function listedInvariants(page: string): readonly Invariant[] {
  return Array.from(page.matchAll(ROW), ([, ranges = "", named = ""]) => {
    const files = Array.from(named.matchAll(/`(.+?)`/g), ([, file = ""]) => file);
    return ranges.split(", ").flatMap((range) => codesOf(range).map((code) => ({ code, files })));
  }).flat();
}

/** Returns the codes of a range, such as `X1-X5`. */
function codesOf(range: string): readonly string[] {
  const [first = "", last = first] = range.split("-");
  const letters = first.replace(/\d+$/, "");
  const [from, to] = [Number(first.slice(letters.length)), Number(last.slice(letters.length))];
  return Array.from({ length: to - from + 1 }, (_, at) => `${letters}${from + at}`);
}

/** Compares what is stated with what is listed. Returns a line for each difference. */
export function invariantFaults(
  stated: readonly Invariant[],
  listed: readonly Invariant[],
): readonly string[] {
  const places = Map.groupBy(stated, ({ code }) => code);
  const rows = Map.groupBy(listed, ({ code }) => code);
  return [
    ...[...places].flatMap(([code, [first, ...others]]) => [
      ...others.map(({ files }) => `${code} is also stated in ${files.join()}`),
      ...(rows.has(code) ? [] : [`${code} of ${first?.files.join()} is not listed`]),
    ]),
    ...[...rows].flatMap(([code, [first, ...others]]) => [
      ...others.map(({ files }) => `${code} is also listed for ${files.join()}`),
      ...(isStatedIn(places.get(code), first?.files ?? [])
        ? []
        : [`${code} is not stated in ${first?.files.join()}`]),
    ]),
  ];
}

function isStatedIn(places: readonly Invariant[] | undefined, files: readonly string[]): boolean {
  const paths = places?.flatMap((place) => place.files) ?? [];
  return paths.some((path) => files.some((file) => path.endsWith(`/${file}`)));
}
