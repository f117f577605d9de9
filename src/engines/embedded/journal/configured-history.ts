import type { Definition } from "../../../core/activation/definition.ts";
import type { HistoryDetail, HistoryRule } from "../../../core/activation/history-note.ts";

/** The option `history` of an engine. */
export interface HistorySettings {
  /** The detail for functions without an option of their own. */
  readonly detail: HistoryDetail;
  /** Entries that a flow keeps. */
  readonly limit: number;
}

/** The detail of histories, by the options of the engine and of its functions. */
export class ConfiguredHistory implements HistoryRule {
  readonly limit: number;
  readonly #definitions: ReadonlyMap<string, Definition>;
  readonly #detail: HistoryDetail;
  /** The number of functions for which `#isOn` holds: functions are added, and never removed. */
  #known = -1;
  #isOn = false;

  constructor(definitions: ReadonlyMap<string, Definition>, { detail, limit }: HistorySettings) {
    this.#definitions = definitions;
    this.#detail = detail;
    this.limit = limit;
  }

  /** Tells whether any history is kept. A function that is registered later may turn it on. */
  get isOn(): boolean {
    const { size } = this.#definitions;
    if (size !== this.#known) [this.#known, this.#isOn] = [size, this.#isAnyOn()];
    return this.#isOn;
  }

  detailOf(type: string): HistoryDetail {
    return this.#definitions.get(type)?.history ?? this.#detail;
  }

  #isAnyOn(): boolean {
    if (this.#detail !== "nothing") return true;
    for (const { history = "nothing" } of this.#definitions.values())
      if (history !== "nothing") return true;
    return false;
  }
}
