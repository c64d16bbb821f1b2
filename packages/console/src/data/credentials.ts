/** Database credentials (OAuth tokens). They are kept by the component that asked, never in the cache of questions. */
import type { DatabaseCredential, GenerateDatabaseCredentialRequest } from '@lakegate/client'
import { useMutation } from '@tanstack/react-query'
import { send } from './api.ts'

export interface WantedCredential {
  readonly instance: string
  /** `catalog.schema.table`, each to be read besides what the role may. */
  readonly readableTables: readonly string[]
}

const toRequest = ({ instance, readableTables }: WantedCredential): GenerateDatabaseCredentialRequest => ({
  instance_names: [instance],
  ...(readableTables.length === 0
    ? {}
    : {
        claims: [
          {
            permission_set: 'READ_ONLY',
            resources: readableTables.map((table) => ({ table_name: table })),
          },
        ],
      }),
})

/** `gcTime` 0: the answer leaves the memory with the component that asked. */
export const useMintCredential = () =>
  useMutation({
    mutationFn: (wanted: WantedCredential) =>
      send<DatabaseCredential>('POST', '/2.0/database/credentials', toRequest(wanted)),
    gcTime: 0,
  })
