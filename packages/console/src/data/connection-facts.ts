/** The certificate of the authority, which a connection string may name. */
import type { CertificateAuthorityAnswer } from '@lakegate/client'
import { queryOptions } from '@tanstack/react-query'
import { get } from './api.ts'

export const certificateAuthorityQuery = queryOptions({
  queryKey: ['certificate-authority'],
  queryFn: ({ signal }) => get<CertificateAuthorityAnswer>('/2.0/lakegate/certificate-authority', {}, signal),
  staleTime: Infinity,
})
