import { Fault } from '../domain/fault.ts'
import { refuse } from '../policy/refusals.ts'
import { RefusedError } from './refused-error.ts'

/** What cannot be asked is refused with an error that invites to retry (DESIGN §8), never guessed. */
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
