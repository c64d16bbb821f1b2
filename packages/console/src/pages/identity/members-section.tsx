/** The members of a group: direct members, and members through other groups. */
import type { ScimGroup, ScimReference } from '@lakegate/client'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import {
  effectiveMembersQuery,
  patchIdentity,
  useMayWith,
  type EffectiveMember,
  type Place,
} from '../../data/directory.ts'
import { PrincipalChip } from '../../kit/badge.tsx'
import { Button } from '../../kit/button.tsx'
import { ConfirmChange } from '../../kit/confirm-change.tsx'
import { DataTable } from '../../kit/data-table.tsx'
import { Name } from '../../kit/name.tsx'
import { Section } from '../../kit/page.tsx'
import { EmptyState, Notice, PageError, Skeleton } from '../../kit/state.tsx'
import { messages } from '../../messages/index.ts'
import { AddMemberDialog } from './add-member-dialog.tsx'
import { principalTypeOf } from './names.ts'
import { kindOfMember, pagePath } from './place.ts'

const texts = messages.identity

export function MembersSection({ place, group }: { readonly place: Place; readonly group: ScimGroup }) {
  const mayChange = useMayWith(group.id, 'change_members') === true
  const [isAdding, setAdding] = useState(false)
  const [leaving, setLeaving] = useState<ScimReference>()
  return (
    <Section
      title={texts.members}
      actions={mayChange && <Button onPress={() => setAdding(true)}>{texts.addMembers}</Button>}
    >
      <DataTable<ScimReference>
        label={texts.members}
        items={group.members}
        keyOf={({ value }) => value}
        nameOf={({ display }) => display}
        empty={<EmptyState>{texts.noMembers}</EmptyState>}
        columns={[
          {
            id: 'name',
            title: texts.columns.name,
            render: (member) => <MemberLink place={place} member={member} />,
            sortBy: ({ display }) => display,
          },
          {
            id: 'type',
            title: texts.columns.type,
            render: ({ type }) => messages.kit.typeNames[principalTypeOf(kindOfMember(type))],
            sortBy: ({ type }) => type,
          },
        ]}
        {...(mayChange
          ? {
              actionsOf: (member: ScimReference) => (
                <Button isSmall onPress={() => setLeaving(member)}>
                  {messages.kit.remove}
                </Button>
              ),
            }
          : {})}
      />
      {isAdding && <AddMemberDialog place={place} group={group} onClose={() => setAdding(false)} />}
      {leaving !== undefined && (
        <ConfirmChange
          title={texts.removeMemberTitle(leaving.display, group.displayName)}
          action={texts.removeMember}
          change={() =>
            patchIdentity(place, 'Groups', group.id, [
              { op: 'remove', path: `members[value eq "${leaving.value}"]` },
            ])
          }
          done={texts.memberRemoved(leaving.display, group.displayName)}
          onClose={() => setLeaving(undefined)}
        >
          <p>{texts.removeMemberText(group.displayName)}</p>
        </ConfirmChange>
      )}
    </Section>
  )
}

function MemberLink({ place, member }: { readonly place: Place; readonly member: ScimReference }) {
  const kind = kindOfMember(member.type)
  return (
    <Link to={pagePath(place, kind, member.value)}>
      <PrincipalChip type={principalTypeOf(kind)} name={member.display} />
    </Link>
  )
}

export function EffectiveMembersSection({
  place,
  groupId,
}: {
  readonly place: Place
  readonly groupId: string
}) {
  const { data, error, refetch } = useQuery(effectiveMembersQuery(place, groupId))
  return (
    <Section title={texts.whoCanSignIn}>
      {data === undefined && error === null && <Skeleton lines={3} />}
      {error !== null && <PageError error={error} onRetry={() => void refetch()} />}
      {data?.isComplete === false && <Notice tone="warn">{texts.membersIncomplete}</Notice>}
      {data !== undefined && (
        <DataTable<EffectiveMember>
          label={texts.whoCanSignIn}
          items={data.members}
          keyOf={({ member }) => member.value}
          nameOf={({ member }) => member.display}
          empty={<EmptyState>{texts.noMembers}</EmptyState>}
          columns={[
            {
              id: 'name',
              title: texts.columns.name,
              render: ({ member }) => <MemberLink place={place} member={member} />,
              sortBy: ({ member }) => member.display,
            },
            { id: 'path', title: texts.columns.path, render: ({ path }) => <Name name={path.join(' › ')} /> },
          ]}
        />
      )}
    </Section>
  )
}
