/** A service principal: secrets, federation, groups, open sessions (design 5.12). */
import { useMayWith } from '../../data/directory.ts'
import { FederationSection } from './federation-section.tsx'
import { GroupsSection } from './groups-section.tsx'
import { IdentityPage } from './identity-page.tsx'
import type { AnyIdentity } from './names.ts'
import { OpenSessionsSection } from './open-sessions-section.tsx'
import { SecretsSection } from './secrets-section.tsx'

export function ServicePrincipalPage() {
  return (
    <IdentityPage kind="ServicePrincipals">
      {(identity, place) => (
        <>
          <Access identity={identity} />
          <GroupsSection place={place} identity={identity} />
          <OpenSessionsSection identity={identity} />
        </>
      )}
    </IdentityPage>
  )
}

function Access({ identity }: { readonly identity: AnyIdentity }) {
  const managesSecrets = useMayWith(identity.id, 'manage_secrets') === true
  const managesFederation = useMayWith(identity.id, 'manage_federation') === true
  return (
    <>
      {managesSecrets && 'applicationId' in identity && <SecretsSection principal={identity} />}
      {managesFederation && <FederationSection principalId={identity.id} />}
    </>
  )
}
