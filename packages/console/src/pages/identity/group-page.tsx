/** A group: its members, who can sign in as it, and the groups that contain it (design 5.12). */
import { GroupsSection } from './groups-section.tsx'
import { IdentityPage } from './identity-page.tsx'
import { EffectiveMembersSection, MembersSection } from './members-section.tsx'

export function GroupPage() {
  return (
    <IdentityPage kind="Groups">
      {(identity, place) => (
        <>
          {'members' in identity && <MembersSection place={place} group={identity} />}
          <EffectiveMembersSection place={place} groupId={identity.id} />
          <GroupsSection place={place} identity={identity} />
        </>
      )}
    </IdentityPage>
  )
}
