/** Longest label, in characters; what is longer is cut. */
const LONGEST = 80;

/** A label as it stands between the quotes of Mermaid, whatever is in it: what could mean something there is written as its number. */
export function escapeLabel(label: string): string {
  const line = label
    .toWellFormed()
    .replaceAll(/[\s\p{C}]+/gu, " ")
    .trim();
  const letters = Array.from(line);
  const short = letters.length > LONGEST ? `${letters.slice(0, LONGEST - 1).join("")}…` : line;
  if (short === "") return "(empty)";
  // The number after a line's first digits and a leading dash would begin lists, and a colon before a slash a link: labels are Markdown.
  // A line that says "direction LR" anywhere is a statement, even between quotes; "fa:fa-car" is a picture of a car.
  return short.replaceAll(
    /[^\p{L}\p{M}\p{N} /.,:()=?…-]|:(?=\/|fa-)|^-|(?<=^\d+)[.)]|d(?=irection )/gu,
    (mark) => `#${mark.codePointAt(0)};`,
  );
}

/** The forms of nodes, by what stands before and after a label. */
const FORMS = {
  box: ["[", "]"],
  round: ["(", ")"],
  pill: ["([", "])"],
  fork: ["{{", "}}"],
  choice: ["{", "}"],
  store: ["[(", ")]"],
  flag: [">", "]"],
} as const;

/** How a node looks. */
export type Form = keyof typeof FORMS;

/** A node of a diagram, by its id. */
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

  /** An arrow; `dotted` for what happens beside the way through. */
  arrow(
    from: NodeId,
    to: NodeId,
    { label, dotted = false }: { readonly label?: string; readonly dotted?: boolean } = {},
  ): void {
    const said = label === undefined ? "" : `|"${escapeLabel(label)}"|`;
    this.#add(`${from} ${dotted ? "-.->" : "-->"}${said} ${to}`);
  }

  /** Draws into a box of its own. */
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
