/** A user: groups, sign-ins, open PostgreSQL sessions (design 5.12). */
import { GroupsSection } from './groups-section.tsx'
import { IdentityPage } from './identity-page.tsx'
import { OpenSessionsSection } from './open-sessions-section.tsx'
import { SignInsSection } from './sign-ins-section.tsx'

export function UserPage() {
  return (
    <IdentityPage kind="Users">
      {(identity, place) => (
        <>
          <GroupsSection place={place} identity={identity} />
          <SignInsSection userId={identity.id} />
          <OpenSessionsSection identity={identity} />
        </>
      )}
    </IdentityPage>
  )
}
