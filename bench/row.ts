import type { Figure } from "./figure.ts";
import { median } from "./statistics.ts";

/** One line of the result: the medians of all rounds. The names are stable, for programs that read them. */
export interface Row {
  readonly bench: string;
  readonly engine: string;
  /** `NaN`, in JSON `null`, for what could not be measured; then `note` says why. */
  readonly value: number;
  readonly unit: string;
  /** The value (where so defined, times the activations it stands for) by that of the row named `of`; `null` when that was not measured. */
  readonly ratio: number | null;
  /** Row that it is compared to: of the same engine, or of the engine `raw`; empty when it is compared to none. */
  readonly of: string;
  readonly note?: string;
}

/** Collects the figures of each round. */
export class Rows {
  readonly #rounds: Map<
    string,
    {
      readonly figure: Figure;
      readonly values: number[];
      readonly engine: string;
      readonly ratios: number[];
    }
  > = new Map();

  /** Takes one figure; `beside` is what it is to be compared to, measured beside it, if the bench has not measured that itself. */
  add(engine: string, figure: Figure, beside: number | undefined): void {
    const key = `${engine} ${figure.name}`;
    let round = this.#rounds.get(key);
    if (round === undefined)
      this.#rounds.set(key, (round = { figure, engine, values: [], ratios: [] }));
    round.values.push(figure.value);
    const reference = figure.reference ?? beside;
    if (reference !== undefined)
      round.ratios.push((figure.value * (figure.weight ?? 1)) / reference);
  }

  rows(): readonly Row[] {
    return Array.from(this.#rounds.values(), ({ figure, engine, values, ratios }) => {
      const value = median(values);
      const other = this.#value(engine, figure.of);
      const ratio =
        ratios.length > 0
          ? median(ratios)
          : other === undefined
            ? null
            : (value * (figure.weight ?? 1)) / other;
      const { name, unit, of, note } = figure;
      return { bench: name, engine, value, unit, ratio, of, ...(note !== undefined && { note }) };
    });
  }

  #value(engine: string, name: string): number | undefined {
    const round = this.#rounds.get(`${engine} ${name}`) ?? this.#rounds.get(`raw ${name}`);
    return round === undefined ? undefined : median(round.values);
  }
}
