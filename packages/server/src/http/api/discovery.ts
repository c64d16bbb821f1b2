/** `/.well-known/databricks-config`: how SDKs find the OAuth server (wire-contract §0.1, §3.1). */
import type { HostMetadata } from '@lakegate/client'
import type { AccountId, WorkspaceId } from '../../domain/ids.ts'
import type { PublicRoute } from '../route.ts'

export function discoveryRoutes(facts: {
  readonly publicUrl: string
  readonly accountId: AccountId
  readonly workspaceId: WorkspaceId
}): readonly PublicRoute[] {
  const metadata: HostMetadata = {
    oidc_endpoint: `${facts.publicUrl}/oidc`,
    account_id: facts.accountId,
    workspace_id: facts.workspaceId,
    // Keeps the Azure and Google branches of the SDKs away.
    cloud: 'AWS',
    host_type: 'WORKSPACE_HOST',
    token_federation_default_oidc_audiences: [`${facts.publicUrl}/oidc/v1/token`],
  }
  return [
    {
      method: 'GET',
      path: '/.well-known/databricks-config',
      answer: () => Promise.resolve({ body: metadata }),
    },
  ]
}
