/** Reads a database instance through REST, again and again until a condition holds. */
import { setTimeout as pause } from 'node:timers/promises'
import { LakegateApiError, type DatabaseInstance, type LakegateHttp } from '@lakegate/client'

const ASK_AGAIN_MS = 250

export const INSTANCES_PATH = '/api/2.0/database/instances'
export const pathOfInstance = (name: string): string => `${INSTANCES_PATH}/${encodeURIComponent(name)}`

/** @returns undefined when there is no instance of that name */
async function findInstance(http: LakegateHttp, name: string): Promise<DatabaseInstance | undefined> {
  try {
    return await http.request<DatabaseInstance>('GET', pathOfInstance(name))
  } catch (error) {
    if (error instanceof LakegateApiError && error.status === 404) return undefined
    throw error
  }
}

/**
 * Reads an instance repeatedly until `isSettled` holds or the time is over (about `limitMs`).
 * @returns the instance as last read; undefined when there is none of that name
 */
export async function askUntil(
  http: LakegateHttp,
  name: string,
  limitMs: number,
  isSettled: (instance: DatabaseInstance | undefined) => boolean,
): Promise<DatabaseInstance | undefined> {
  for (let left = Math.ceil(limitMs / ASK_AGAIN_MS); ; left -= 1) {
    const instance = await findInstance(http, name)
    if (isSettled(instance) || left <= 0) return instance
    await pause(ASK_AGAIN_MS)
  }
}
