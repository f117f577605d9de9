import { parseSync } from "oxc-parser";
import { readFiles } from "./source.ts";

const sources = readFiles("src", ".ts");

/** The names of the members that an exported interface declares itself. */
export function membersOf(path: string, interfaceName: string): readonly string[] {
  const { program } = parseSync(path, sources.get(path) ?? "");
  const names = program.body.flatMap((statement) => {
    const declared =
      statement.type === "ExportNamedDeclaration" ? statement.declaration : undefined;
    if (declared?.type !== "TSInterfaceDeclaration" || declared.id.name !== interfaceName)
      return [];
    return declared.body.body.flatMap((member) =>
      (member.type === "TSPropertySignature" || member.type === "TSMethodSignature") &&
      member.key.type === "Identifier"
        ? [member.key.name]
        : [],
    );
  });
  return [...new Set(names)];
}
