/** Names that a shell offers: of profiles, from their file; of database instances, if the server answers at once. */
import { LakegateError, lakegateOf, type ListDatabaseInstancesResponse } from '@lakegate/client'
import type { FindLocalLogin } from '../connect/connect-flags.ts'
import { resolveCaller } from '../workspace/connection.ts'
import { profiles } from '../workspace/auth/profile-file.ts'

export const profileNames = async (): Promise<readonly string[]> => (await profiles()).map(({ name }) => name)

/** Somebody waits at the keyboard. */
const TIME_LIMIT_MS = 1_500
const MOST = 100

/** @param given the options that stand on the line already */
export async function instanceNames(
  given: ReadonlyMap<string, string>,
  findLocalLogin: FindLocalLogin,
): Promise<readonly string[]> {
  const [profile, host] = [given.get('profile'), given.get('host') ?? given.get('url')]
  try {
    const configuration = await resolveCaller(
      {
        ...(profile === undefined ? {} : { profile }),
        ...(host === undefined ? {} : { host }),
      },
      { findLocalLogin },
    )
    const lakegate = lakegateOf(configuration, { attempts: 1, timeLimitMilliseconds: TIME_LIMIT_MS })
    const { database_instances: instances } = await lakegate.http.request<ListDatabaseInstancesResponse>(
      'GET',
      `/api/2.0/database/instances?page_size=${String(MOST)}`,
    )
    lakegate.close()
    return instances.map(({ name }) => name)
  } catch (error) {
    // Nothing is offered; the command itself will say what is wrong.
    if (error instanceof LakegateError) return []
    throw error
  }
}
