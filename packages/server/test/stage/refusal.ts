/** What Lakegate answers over REST to whom it refuses something. */
import { LakegateApiError } from '@lakegate/client'

/** @throws when it was accepted, or when it failed in another way */
export async function refusal(act: Promise<unknown>): Promise<LakegateApiError> {
  try {
    await act
  } catch (error) {
    if (error instanceof LakegateApiError) return error
    throw error
  }
  throw new Error('it was accepted')
}
