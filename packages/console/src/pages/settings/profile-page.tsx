/** Who the person is here, and in which groups. */
import { useQuery } from '@tanstack/react-query'
import { meQuery } from '../../data/own-sign-ins.ts'
import { useSession } from '../../data/session.ts'
import { PrincipalChip } from '../../kit/badge.tsx'
import { CopyField } from '../../kit/copy.tsx'
import { orNone } from '../../kit/data-table.tsx'
import { Section } from '../../kit/page.tsx'
import { KeyValueList, PageError, Skeleton } from '../../kit/state.tsx'
import { messages } from '../../messages/index.ts'
import { SettingsPage } from './settings-page.tsx'

const texts = messages.settings.profilePage

export function ProfilePage() {
  const session = useSession()
  const { person, workspace, sign_in_provider: provider } = session
  const administers = [
    ...(session.is_workspace_admin ? [texts.theWorkspace] : []),
    ...(session.is_account_admin ? [texts.theAccount] : []),
  ]
  return (
    <SettingsPage title={messages.settings.profile}>
      <Section>
        <KeyValueList
          items={[
            { key: texts.displayName, value: <bdi>{person.display_name}</bdi> },
            {
              key: texts.name,
              value: (
                <>
                  <CopyField what={texts.name} value={person.name} />
                  <p>{texts.nameHint}</p>
                </>
              ),
            },
            { key: texts.kind, value: messages.kit.typeNames[person.type] },
            { key: texts.id, value: <CopyField what={texts.id} value={person.id} /> },
            { key: texts.workspace, value: <bdi>{workspace.name}</bdi> },
            { key: texts.administers, value: orNone(administers.join(', ')) },
          ]}
        />
      </Section>
      <Section title={texts.groups}>
        <Groups />
      </Section>
      <Section title={texts.account}>
        <p>{provider === undefined ? texts.accountText : texts.outside(provider)}</p>
        <p>
          <a href="/oidc/account">{texts.openAccount}</a>
        </p>
      </Section>
    </SettingsPage>
  )
}

function Groups() {
  const { data, error, refetch } = useQuery(meQuery)
  if (error !== null) return <PageError error={error} onRetry={() => void refetch()} />
  if (data === undefined) return <Skeleton lines={3} />
  if (data.groups.length === 0) return <p>{texts.noGroups}</p>
  return (
    <ul>
      {data.groups.map((group) => (
        <li key={group.value}>
          <PrincipalChip type="GROUP" name={group.display} />
          {group.type === 'indirect' && ` ${texts.indirect}`}
        </li>
      ))}
    </ul>
  )
}
