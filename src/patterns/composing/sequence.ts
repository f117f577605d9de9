import type { Fn } from "../../futures/types/function.ts";
import type { PatternName } from "./pattern-name.ts";
import type { SagaStep } from "./saga-step.ts";
import type { Step } from "./step.ts";

/** The steps of each kind of sequence. */
interface Steps<Input, Output> {
  readonly chain: Step<Input, Output>;
  readonly saga: SagaStep<Input, Output>;
}

/**
 * Makes a function from one to ten steps. Each step takes the output of the one before.
 *
 * The steps are separate parameters, so that TypeScript infers each from the one before: the input
 * of a mapping `(n) => n + 1` is known. In a rest parameter it would infer all steps at once, and
 * the input of such a mapping would be `unknown`.
 */
export interface Sequence<Kind extends keyof Steps<never, never>> {
  <A, B, C = B, D = C, E = D, F = E, G = F, H = G, I = H, J = I, K = J>(
    name: PatternName,
    step1: Steps<A, B>[Kind],
    step2?: Steps<B, C>[Kind],
    step3?: Steps<C, D>[Kind],
    step4?: Steps<D, E>[Kind],
    step5?: Steps<E, F>[Kind],
    step6?: Steps<F, G>[Kind],
    step7?: Steps<G, H>[Kind],
    step8?: Steps<H, I>[Kind],
    step9?: Steps<I, J>[Kind],
    step10?: Steps<J, K>[Kind],
  ): Fn<A, K>;
}
