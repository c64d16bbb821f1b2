/** Retries a change when another request changed the instance between reading and writing it. */
import { refused } from '../refused-error.ts'

/** Each lost race means that another change was made; a client that loses this often is competing with a loop. */
const MOST_ATTEMPTS = 10

/**
 * @param attempt reads the instance, decides and writes; resolves to undefined when the instance had changed in between
 * @throws RefusedError `instance_state_conflict` when every attempt failed
 */
export async function changeObserved<Changed>(
  name: string,
  attempt: () => Promise<Changed | undefined>,
): Promise<Changed> {
  for (let attempts = 0; attempts < MOST_ATTEMPTS; attempts += 1) {
    const changed = await attempt()
    if (changed !== undefined) return changed
  }
  throw refused('instance_state_conflict', {
    name,
    state: 'changing',
    problem: 'other requests keep changing it; try again.',
  })
}
