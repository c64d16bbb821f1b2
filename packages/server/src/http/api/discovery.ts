/** `/.well-known/databricks-config`: how SDKs find the OAuth server (wire-contract §0.1, §3.1). */
import type { HostMetadata } from '@lakegate/client'
import type { AccountId } from '../../domain/ids.ts'
import type { Workspace } from '../../domain/workspace.ts'
import type { PublicRoute } from '../route.ts'

export function discoveryRoutes(facts: {
  readonly publicUrlOf: (workspace: Workspace) => string
  readonly accountId: AccountId
}): readonly PublicRoute[] {
  return [
    {
      method: 'GET',
      path: '/.well-known/databricks-config',
      answer(workspace) {
        const publicUrl = facts.publicUrlOf(workspace)
        const metadata: HostMetadata = {
          oidc_endpoint: `${publicUrl}/oidc`,
          account_id: facts.accountId,
          workspace_id: workspace.id,
          // Keeps SDKs from using their Azure and Google branches.
          cloud: 'AWS',
          host_type: 'WORKSPACE_HOST',
          token_federation_default_oidc_audiences: [`${publicUrl}/oidc/v1/token`],
        }
        return Promise.resolve({ body: metadata })
      },
    },
  ]
}
