/** Changes of instances: create, attach, update, start, stop, delete. */
import type { DatabaseInstance, DatabaseInstanceRequest } from '@lakegate/client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { send } from './api.ts'
import { instanceKeys } from './instances.ts'
import { workspaceRightsQuery } from './session.ts'

const INSTANCES_PATH = '/2.0/database/instances'
const instancePath = (name: string) => `${INSTANCES_PATH}/${encodeURIComponent(name)}`

/** The server's answer is shown at once; the list and the number of allowed instances are read again. */
export function useCreateInstance(): (wanted: DatabaseInstanceRequest) => Promise<DatabaseInstance> {
  const queries = useQueryClient()
  return async (wanted) => {
    const made = await send<DatabaseInstance>('POST', INSTANCES_PATH, wanted)
    queries.setQueryData(instanceKeys.one(made.name), made)
    void queries.invalidateQueries({ queryKey: instanceKeys.all, exact: true })
    void queries.invalidateQueries({ queryKey: workspaceRightsQuery.queryKey })
    return made
  }
}

/**
 * Sends only the named fields (`update_mask`), so that other fields, which somebody else may have changed meanwhile,
 * stay.
 */
export function useChangeInstance(name: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (change: DatabaseInstanceRequest) =>
      send<DatabaseInstance>('PATCH', instancePath(name), change, {
        query: { update_mask: Object.keys(change).join(',') },
      }),
    onSuccess(changed) {
      queries.setQueryData(instanceKeys.one(name), changed)
      return queries.invalidateQueries({ queryKey: instanceKeys.all })
    },
  })
}

export function useDeleteInstance(name: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (options: { readonly removesObjects: boolean }) =>
      send('DELETE', instancePath(name), undefined, {
        query: { remove_objects: options.removesObjects ? true : undefined },
      }),
    async onSuccess() {
      await queries.invalidateQueries({ queryKey: instanceKeys.all, exact: true })
      void queries.invalidateQueries({ queryKey: workspaceRightsQuery.queryKey })
    },
  })
}
