/** What a connection string needs besides the instance: its databases, and the certificate of the authority. */
import type { CertificateAuthorityAnswer, InstanceDatabasesAnswer } from '@lakegate/client'
import { queryOptions } from '@tanstack/react-query'
import { get } from './api.ts'
import { instanceKeys } from './instances.ts'

export const instanceDatabasesQuery = (instance: string) =>
  queryOptions({
    queryKey: [...instanceKeys.one(instance), 'databases'],
    queryFn: ({ signal }) =>
      get<InstanceDatabasesAnswer>(
        `/2.0/lakegate/instances/${encodeURIComponent(instance)}/databases`,
        {},
        signal,
      ),
  })

export const certificateAuthorityQuery = queryOptions({
  queryKey: ['certificate-authority'],
  queryFn: ({ signal }) => get<CertificateAuthorityAnswer>('/2.0/lakegate/certificate-authority', {}, signal),
  staleTime: Infinity,
})
