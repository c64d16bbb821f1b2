/** Database credentials (OAuth tokens). Only the component that requested one keeps it, never the query cache. */
import type { DatabaseCredential, GenerateDatabaseCredentialRequest } from '@lakegate/client'
import { useMutation } from '@tanstack/react-query'
import { send } from './api.ts'

export interface WantedCredential {
  readonly instance: string
  /** `catalog.schema.table`: tables to be read in addition to those that the role may read. */
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

/** `gcTime` 0: the answer is removed from memory together with the component that requested it. */
export const useMintCredential = () =>
  useMutation({
    mutationFn: (wanted: WantedCredential) =>
      send<DatabaseCredential>('POST', '/2.0/database/credentials', toRequest(wanted)),
    gcTime: 0,
  })
