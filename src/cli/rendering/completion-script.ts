/** The shells for which there are completions. */
export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/** A command, and its options. */
export interface CompletedCommand {
  readonly name: string;
  readonly description: string;
  readonly options: readonly { readonly name: string; readonly description: string }[];
}

/** Writes the completions of a shell: names of commands, then their options, and files. */
export function completionScript(shell: Shell, commands: readonly CompletedCommand[]): string {
  return SCRIPTS[shell](commands);
}

const SCRIPTS: Readonly<Record<Shell, (commands: readonly CompletedCommand[]) => string>> = {
  bash: bashScript,
  zsh: (commands) =>
    ["#compdef handback", "autoload -U +X bashcompinit && bashcompinit", bashScript(commands)].join(
      "\n",
    ),
  fish: (commands) =>
    commands
      .flatMap(({ name, description, options }) => [
        `complete -c handback -n __fish_use_subcommand -a ${name} -d ${quoted(description)}`,
        ...options.map(
          (option) =>
            `complete -c handback -n '__fish_seen_subcommand_from ${name}' -l ${option.name.slice(2)} -d ${quoted(option.description)}`,
        ),
      ])
      .join("\n"),
};

function bashScript(commands: readonly CompletedCommand[]): string {
  const cases = commands.map(
    ({ name, options }) => `    ${name}) words="${options.map((each) => each.name).join(" ")}" ;;`,
  );
  return [
    "_handback() {",
    '  local words="" word="${COMP_WORDS[COMP_CWORD]}"',
    '  case "${COMP_WORDS[1]}" in',
    ...cases,
    "  esac",
    `  [ "$COMP_CWORD" -eq 1 ] && words="${commands.map(({ name }) => name).join(" ")}"`,
    '  COMPREPLY=($(compgen -W "$words" -- "$word"))',
    "}",
    "complete -o default -F _handback handback",
  ].join("\n");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`\'`)}'`;
}
