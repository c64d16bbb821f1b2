/** Starts a stopped instance, from any page that needs it. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { DatabaseInstance } from '@lakegate/client'
import { send } from './api.ts'
import { instanceKeys } from './instances.ts'

export function useStartInstance(name: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: () =>
      send<DatabaseInstance>(
        'PATCH',
        `/2.0/database/instances/${encodeURIComponent(name)}`,
        { stopped: false },
        { query: { update_mask: 'stopped' } },
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: instanceKeys.all }),
  })
}
