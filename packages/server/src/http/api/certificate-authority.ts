/** The certificate with which clients verify gateways and the control plane: Lakegate's own addition. It is public. */
import type { CertificateAuthorityAnswer } from '@lakegate/client'
import { defineRoute } from '../define-route.ts'
import type { Route } from '../route.ts'
import { anyQuery, noBody, nothing } from '../shapes.ts'

export function certificateAuthorityRoutes(facts: {
  readonly certificatePem: () => string
  readonly signsGatewayCertificates: boolean
}): readonly Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/2.0/lakegate/certificate-authority',
      scopes: ['postgres'],
      params: nothing,
      query: anyQuery,
      body: noBody,
      handle() {
        const body: CertificateAuthorityAnswer = {
          certificate_pem: facts.certificatePem(),
          signs_gateway_certificates: facts.signsGatewayCertificates,
        }
        return Promise.resolve({ body })
      },
    }),
  ]
}
