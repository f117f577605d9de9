import type { Mutation } from "../mutation.ts";

const RENAMES = "test/laws/deploy/renames.test.ts";
const CHANGED = "test/laws/deploy/changed-options.test.ts";
const STAGE_NAME = "src/patterns/composing/stage-name.ts";
const FIND_DEFINITION = "src/engines/embedded/mailboxes/find-definition.ts";

/** What new code finds under old names. */
export const RENAMED: readonly Mutation[] = [
  {
    breaks: "renames: a join gets outcomes where it was to get values",
    file: "src/patterns/fan-out/failure-policy.ts",
    find: 'const given = isStrict ? "values" : "outcomes";',
    replace: 'const given = "values";',
    test: "test/laws/deploy/changed-policy.test.ts",
    killedBy: "a fan-out whose policy changes parks work for its join: a mapping, 10 at a time",
  },
  {
    breaks: "changed patterns: a stage is given what another function made",
    file: STAGE_NAME,
    find: "[withForm(name, shapeOf(f)), ...more]",
    replace: "[...more]",
    test: CHANGED,
    killedBy: "a deploy that changes what a stage is given holds its work > monitor: another check",
  },
  {
    breaks: "patterns: a stage gets the outcomes of a fan-out in place of its values",
    file: "src/patterns/diagram/shape.ts",
    find: 'return ofEach === "" ? given',
    replace: 'return ofEach === "" ? "values"',
    test: "test/patterns/diagram/output-form.test.ts",
    killedBy:
      "the form of a fan-out's output, which names stored stages > is outcomes, in whatever words a diagram shows its policy",
  },
  {
    breaks: "changed patterns: a chain is given outcomes where an inner fan-out gave values",
    file: STAGE_NAME,
    find: 'return form === "" ? label',
    replace: 'return form !== "" ? label',
    test: CHANGED,
    killedBy:
      "a deploy that changes what a stage is given holds its work > chain: what an inner fan-out gives",
  },
  {
    breaks: "changed patterns: a renamed check holds the work of its monitor",
    file: "src/futures/define/operation-names.ts",
    find: "  return [type, ...aliases].flatMap(",
    replace: "  return [type].flatMap(",
    test: CHANGED,
    killedBy:
      "a deploy that changes behavior applies to work under way > monitor: its check is renamed",
  },
  {
    breaks: "changed patterns: held work is not said to be of another shape",
    file: FIND_DEFINITION,
    find: "pattern === undefined || !definitions.has(pattern)",
    replace: "pattern === undefined || definitions.has(pattern)",
    test: CHANGED,
    killedBy: "a deploy that changes what a stage is given holds its work > chain: tap",
  },
  {
    breaks: "renames: states under a former name are not reported when they are hidden",
    file: "src/engines/embedded/state/adopt-states.ts",
    find: "return definition?.type !== type ||",
    replace: "return definition === undefined ||",
    test: RENAMES,
    killedBy:
      "states follow a function to its new name, and each start that hides states names their type and number",
  },
  {
    breaks: "renames: a token does not cancel what was sent under a former name",
    file: "src/engines/embedded/execution/effect-writer.ts",
    find: "[definition.type, ...(definition.aliases ?? [])]",
    replace: "[definition.type]",
    test: RENAMES,
    killedBy:
      "a delayed message with a token, sent under a former name > is canceled under the new name",
  },
  {
    breaks: "renames: a message for a missing operation is delivered",
    file: "src/core/activation/definition.ts",
    find: "return definition?.missingOperation?.(name, payload) === undefined ? definition : undefined;",
    replace: "return definition;",
    test: RENAMES,
    killedBy:
      "an operation that is left out > holds its messages, and they run once it is there again",
  },
  {
    breaks: "renames: a stage does not know the former names of its pattern",
    file: "src/futures/run/registry.ts",
    find: "aliases: [...spec.aliases, ...stageAliases],",
    replace: "aliases: spec.aliases,",
    test: "test/laws/deploy/pattern-renames.test.ts",
    killedBy:
      "work of a renamed pattern, with renamed functions, waits for aliases and ends with them > saga",
  },
  {
    breaks: "renames: a stage does not know the former names of the functions in its shape",
    file: STAGE_NAME,
    find: "all = [...all, ...former.flatMap(renamed)];",
    replace: "all = former.length === 0 ? [...all, ...former.flatMap(renamed)] : all;",
    test: "test/laws/deploy/pattern-renames.test.ts",
    killedBy:
      "work of a renamed pattern, with renamed functions, waits for aliases and ends with them > fan-out",
  },
  {
    breaks: "renames: a message by its type is delivered to a function without `receive`",
    file: "src/futures/define/receiver.ts",
    find: "if (payload === undefined || wholeReceiver(spec) !== undefined) return undefined;",
    replace: "return undefined;",
    test: RENAMES,
    killedBy:
      "a message to a function by its type waits while the function lacks > the handler `receive`",
  },
  {
    breaks: "renames: a start under a new operation name conflicts with the old one",
    file: "src/futures/define/operation-names.ts",
    find: "  const names = [operation, ...former.map(([name]) => name)];",
    replace: "  const names = [operation];",
    test: RENAMES,
    killedBy:
      "an operation that is left out > takes its flows along to its new name: a start with the same key attaches",
  },
  {
    breaks: "renames: the state of a former name cannot be read from outside",
    file: "src/engines/embedded/commit/committed-reads.ts",
    find: "definitions.get(type)?.type ?? type",
    replace: 'definitions.get("")?.type ?? type',
    test: RENAMES,
    killedBy:
      "a function answers to its former names: its state, its bill and calls of the old code",
  },
];
