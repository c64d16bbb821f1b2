import { Fault } from '../domain/fault.ts'
import { refuse } from '../policy/refusals.ts'
import { RefusedError } from './refused-error.ts'

/** A question that cannot be answered leads to a refusal that invites a retry (DESIGN §8), never to a guess. */
export async function orUnavailable<Result>(ask: () => Promise<Result>): Promise<Result> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof Fault && error.retryable) {
      throw new RefusedError(refuse('facts_unavailable', { reason: error.message }, error.code), {
        cause: error,
      })
    }
    throw error
  }
}
