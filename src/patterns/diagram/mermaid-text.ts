/** Longest label, in characters. Longer ones are cut. */
const LONGEST = 80;

/**
 * Returns a label for use between quotes in Mermaid. Characters with a meaning there are written as
 * numeric codes.
 */
export function escapeLabel(label: string): string {
  const line = label
    .toWellFormed()
    .replaceAll(/[\s\p{C}]+/gu, " ")
    .trim();
  const letters = Array.from(line);
  const short = letters.length > LONGEST ? `${letters.slice(0, LONGEST - 1).join("")}…` : line;
  if (short === "") return "(empty)";
  // Labels are Markdown: a leading number with a dot or a parenthesis, or a leading dash, would
  // start a list, and "://" a link. "direction LR" anywhere in a line is a statement, even between
  // quotes, and "fa:fa-car" is an icon.
  return short.replaceAll(
    /[^\p{L}\p{M}\p{N} /.,:()=?…-]|:(?=\/|fa-)|^-|(?<=^\d+)[.)]|d(?=irection )/gu,
    (mark) => `#${mark.codePointAt(0)};`,
  );
}

/** The forms of nodes, as the text before and after a label. */
const FORMS = {
  box: ["[", "]"],
  round: ["(", ")"],
  pill: ["([", "])"],
  fork: ["{{", "}}"],
  choice: ["{", "}"],
  store: ["[(", ")]"],
  flag: [">", "]"],
} as const;

/** The form of a node. */
export type Form = keyof typeof FORMS;

/** The id of a node in a diagram. */
export type NodeId = string & { readonly node: unique symbol };

/** Writes a Mermaid flowchart, line by line. */
export class Flowchart {
  readonly #lines: string[];
  #nodes = 0;
  #depth = 1;

  constructor(direction: "LR" | "TD") {
    this.#lines = [`flowchart ${direction}`];
  }

  node(label: string, form: Form = "box"): NodeId {
    const [before, after] = FORMS[form];
    const id = this.#id();
    this.#add(`${id}${before}"${escapeLabel(label)}"${after}`);
    return id;
  }

  /** Draws an arrow. Side paths are `dotted`. */
  arrow(
    from: NodeId,
    to: NodeId,
    { label, dotted = false }: { readonly label?: string; readonly dotted?: boolean } = {},
  ): void {
    const said = label === undefined ? "" : `|"${escapeLabel(label)}"|`;
    this.#add(`${from} ${dotted ? "-.->" : "-->"}${said} ${to}`);
  }

  /** Draws inside a new box. */
  group<Result>(label: string, draw: () => Result): Result {
    this.#add(`subgraph ${this.#id()}["${escapeLabel(label)}"]`);
    this.#depth++;
    const result = draw();
    this.#depth--;
    this.#add("end");
    return result;
  }

  toString(): string {
    return `${this.#lines.join("\n")}\n`;
  }

  #id(): NodeId {
    return `n${this.#nodes++}` as NodeId;
  }

  #add(line: string): void {
    this.#lines.push("  ".repeat(this.#depth) + line);
  }
}
