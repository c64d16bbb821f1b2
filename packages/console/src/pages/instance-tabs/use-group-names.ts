/** Names of the groups through which sessions logged in: the answer contains only ids, because names may change. */
import { useQuery } from '@tanstack/react-query'
import type { OpenSessionAnswer } from '@lakegate/client'
import { principalsByIdQuery } from '../../data/principals.ts'

/**
 * @returns a function from the id of a group to its name; it returns the id when the workspace does not know the group
 * (any more)
 */
export function useGroupNames(sessions: readonly OpenSessionAnswer[]): (id: string) => string {
  // The path ends with the person itself.
  const ids = sessions.flatMap(({ group_path: path }) => path.slice(0, -1))
  const { data } = useQuery(principalsByIdQuery('GROUP', ids))
  const names = new Map(data?.map(({ id, displayName }) => [id, displayName]))
  return (id) => names.get(id) ?? id
}
