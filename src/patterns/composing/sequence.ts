import type { Fn } from "../../futures/types/function.ts";
import type { SagaStep } from "./saga-step.ts";
import type { Step } from "./step.ts";

/** What may stand in each kind of a sequence. */
interface Steps<Input, Output> {
  readonly chain: Step<Input, Output>;
  readonly saga: SagaStep<Input, Output>;
}

/**
 * Makes a function of one to ten steps, of which each takes what the one before gives.
 *
 * The steps are written out one by one, because each is inferred from the one before: a mapping `(n) => n + 1` knows what it takes. In
 * a list of any length TypeScript infers all of them at once, and such a mapping takes `unknown`.
 */
export interface Sequence<Kind extends keyof Steps<never, never>> {
  <A, B, C = B, D = C, E = D, F = E, G = F, H = G, I = H, J = I, K = J>(
    type: string,
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
