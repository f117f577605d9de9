import type { Mutation } from "../mutation.ts";

const TYPESCRIPT = "test/hosts/typescript.test.ts";

/** What the compilers of users make of the declarations. */
export const DECLARATIONS: readonly Mutation[] = [
  {
    breaks: "declarations: a stateful function has a type without a public name",
    file: "src/index.ts",
    find: "  Operations,\n",
    replace: "",
    test: TYPESCRIPT,
    killedBy:
      "TypeScript 7 compiles every definition, without @types/node, > as ES modules with nodenext",
  },
  {
    breaks: "declarations: the type of a definition takes operations from its annotation",
    file: "src/futures/types/define.ts",
    find: "Operations<NoInfer<Asks>>;",
    replace: "Operations<Asks>;",
    test: TYPESCRIPT,
    killedBy: "TypeScript 7 compiles written types with isolatedDeclarations",
  },
];
