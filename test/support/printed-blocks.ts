/** A fenced block of a page that shows what the `ts` block before it prints. */
export interface PrintedBlock {
  readonly code: string;
  readonly shown: string;
}

/** Finds the blocks of some language in a page, each with the `ts` block before it. */
export function printedBlocks(page: string, language: string): readonly PrintedBlock[] {
  const found: PrintedBlock[] = [];
  let code = "";
  for (const [, kind, body = ""] of page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)) {
    if (kind === "ts") code = body;
    else if (kind === language) found.push({ code, shown: body });
  }
  return found;
}
