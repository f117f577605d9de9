import { basename } from "node:path";

/** A place in the code, and the text that a mutation puts there. */
export interface Located {
  readonly path: string;
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

/** A piece of code to find, the code to put in its place, and the file that held it last. */
export interface Pattern {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

interface Token {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

interface Code {
  readonly tokens: readonly Token[];
  /** One character for each token. All names have the same one, and all private names. */
  readonly shape: string;
}

interface Candidate {
  readonly path: string;
  readonly start: number;
  readonly end: number;
  /** Names of the pattern, as the code calls them now. */
  readonly names: ReadonlyMap<string, string>;
  /** Names that are the same in both. */
  readonly same: number;
}

const TOKEN =
  /\/\*[^]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`|#?[A-Za-z_$][\w$]*|\d[\w.]*|\s+|[^\s]/g;
const NAME = /^#?[A-Za-z_$]/;
const KEYWORDS = new Set(
  "as async await break case catch class const continue default delete do else export extends false finally for from function get if import in instanceof interface let new null of readonly return set static super switch this throw true try type typeof undefined var void while yield".split(
    " ",
  ),
);
/** Share of a pattern's names that must still be the same. */
const LEAST_SAME = 0.5;

/**
 * Finds a piece of code by its shape: white space, comments and trailing commas do not count, and a
 * name may have been changed, as long as it was changed everywhere in the piece. Among several
 * places the one with the most unchanged names is taken, then the one in the file of that name. So a
 * mutation outlives renames, moves and reformatting.
 *
 * @returns `undefined` if no place fits, or if two fit equally well
 */
export function locate(
  sources: ReadonlyMap<string, string>,
  { file, find, replace }: Pattern,
): Located | undefined {
  const pattern = codeOf(find);
  const needed = LEAST_SAME * new Set(pattern.tokens.filter(isName).map(({ text }) => text)).size;
  const found: Candidate[] = [];
  for (const [path, text] of sources) {
    const { tokens, shape } = codeOf(text);
    for (const at of placesOf(pattern.shape, shape)) {
      const candidate = compare(pattern.tokens, tokens.slice(at, at + pattern.tokens.length));
      if (candidate !== undefined && candidate.same >= needed) found.push({ path, ...candidate });
    }
  }
  const isHome = ({ path }: Candidate): boolean => basename(path) === basename(file);
  const rank = (candidate: Candidate): number => 2 * candidate.same + (isHome(candidate) ? 1 : 0);
  const [best, next] = found.toSorted((one, other) => rank(other) - rank(one));
  if (best === undefined || (next !== undefined && rank(next) === rank(best))) return undefined;
  return { ...best, replacement: renamed(replace, best.names) };
}

/** Splits code into tokens. The result is remembered: every mutation looks through all files. */
function codeOf(text: string): Code {
  const known = remembered.get(text);
  if (known !== undefined) return known;
  const all = [...text.matchAll(TOKEN)]
    .map((match) => ({ text: match[0], start: match.index, end: match.index + match[0].length }))
    .filter(({ text: token }) => !/^(\s|\/\/|\/\*)/.test(token));
  const tokens = all.filter(
    (token, at) => token.text !== "," || !/^[)\]}]$/.test(all[at + 1]?.text ?? ""),
  );
  const code = { tokens, shape: tokens.map(characterOf).join("") };
  remembered.set(text, code);
  return code;
}

const remembered = new Map<string, Code>();

/** Returns the character of a token in a shape. */
function characterOf(token: Token): string {
  const { text } = token;
  const kind = isName(token) ? (text.startsWith("#") ? "#name" : "name") : text;
  const known = characters.get(kind);
  if (known !== undefined) return known;
  const character = String.fromCharCode(characters.size);
  characters.set(kind, character);
  return character;
}

const characters = new Map<string, string>();

/** Yields every index at which one shape is found in another. */
function* placesOf(shape: string, within: string): Generator<number> {
  if (shape === "") return;
  for (let at = within.indexOf(shape); at !== -1; at = within.indexOf(shape, at + 1)) yield at;
}

function isName({ text }: Token): boolean {
  return NAME.test(text) && !KEYWORDS.has(text);
}

/** Compares the names of two pieces of code that have the same shape. */
function compare(
  pattern: readonly Token[],
  tokens: readonly Token[],
): Omit<Candidate, "path"> | undefined {
  const names = new Map<string, string>();
  const taken = new Set<string>();
  let same = 0;
  for (const [index, wanted] of pattern.entries()) {
    const text = tokens[index]?.text;
    if (text === undefined) return undefined;
    if (!isName(wanted)) continue;
    const before = names.get(wanted.text);
    if ((before ?? text) !== text) return undefined;
    if (before !== undefined) continue;
    if (taken.has(text)) return undefined;
    names.set(wanted.text, text);
    taken.add(text);
    if (text === wanted.text) same++;
  }
  const [first, last] = [tokens[0], tokens.at(-1)];
  return first && last && { start: first.start, end: last.end, names, same };
}

/** Gives the names in a piece of code the names that the code has now. */
function renamed(code: string, names: ReadonlyMap<string, string>): string {
  return code.replace(TOKEN, (token) => names.get(token) ?? token);
}
