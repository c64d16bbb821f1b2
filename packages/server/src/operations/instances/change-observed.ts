/** Decides anew and tries again when somebody changed the instance between the look and the change. */
import { refused } from '../refused-error.ts'

/** Each lost race means that another change was made; a client that loses this often competes with a loop. */
const MOST_ATTEMPTS = 10

/**
 * @param attempt looks, decides and changes; undefined when what it looked at had changed meanwhile
 * @throws RefusedError `instance_state_conflict` when it never got through
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
    problem: 'other requests change it all the time.',
  })
}
