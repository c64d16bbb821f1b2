/** The groups that an identity is in, directly and through others. */
import type { ScimReference } from '@lakegate/client'
import { Link } from '@tanstack/react-router'
import type { Place } from '../../data/directory.ts'
import { PrincipalChip } from '../../kit/badge.tsx'
import { DataTable } from '../../kit/data-table.tsx'
import { Section } from '../../kit/page.tsx'
import { EmptyState } from '../../kit/state.tsx'
import { messages } from '../../messages/index.ts'
import type { AnyIdentity } from './names.ts'
import { pagePath } from './place.ts'

const texts = messages.identity

export function GroupsSection({
  place,
  identity,
}: {
  readonly place: Place
  readonly identity: AnyIdentity
}) {
  return (
    <Section title={texts.groups}>
      <DataTable<ScimReference>
        label={texts.groups}
        items={identity.groups}
        keyOf={({ value }) => value}
        nameOf={({ display }) => display}
        empty={<EmptyState>{texts.noGroups}</EmptyState>}
        columns={[
          {
            id: 'name',
            title: texts.columns.name,
            render: ({ value, display }) => (
              <Link to={pagePath(place, 'Groups', value)}>
                <PrincipalChip type="GROUP" name={display} />
              </Link>
            ),
            sortBy: ({ display }) => display,
          },
          {
            id: 'path',
            title: texts.columns.path,
            render: ({ type }) => (type === 'direct' ? texts.direct : texts.indirect),
          },
        ]}
      />
    </Section>
  )
}
