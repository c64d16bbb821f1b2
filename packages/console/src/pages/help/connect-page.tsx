/** How any client connects, and where to find ready-made commands. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { instancesQuery } from '../../data/instances.ts'
import { useSession } from '../../data/session.ts'
import { CopyField } from '../../kit/copy.tsx'
import { Page, Section } from '../../kit/page.tsx'
import { KeyValueList, PageError, Skeleton } from '../../kit/state.tsx'
import { messages } from '../../messages/index.ts'
import styles from './help.module.css'

const texts = messages.help.connect

export function ConnectPage() {
  const { person } = useSession()
  return (
    <Page title={texts.title} section={messages.help.title}>
      <Section>
        <p className={styles['text']}>{texts.text}</p>
      </Section>
      <Section title={texts.instances}>
        <p className={styles['text']}>{texts.instancesText}</p>
        <Instances />
      </Section>
      <Section title={texts.values}>
        <KeyValueList
          items={[
            {
              key: texts.user,
              value: (
                <>
                  <CopyField what={texts.user} value={person.name} />
                  <p>{texts.userText}</p>
                </>
              ),
            },
            { key: texts.password, value: texts.passwordText },
            { key: texts.database, value: texts.databaseText },
            { key: texts.tls, value: texts.tlsText },
          ]}
        />
      </Section>
      <Section title={texts.clients}>
        <KeyValueList
          items={[
            { key: texts.psql, value: texts.psqlText },
            { key: texts.gui, value: texts.guiText },
            { key: texts.pools, value: texts.poolsText },
            { key: texts.programs, value: texts.programsText },
            { key: texts.old, value: texts.oldText },
          ]}
        />
      </Section>
      <p>
        {texts.refused} <Link to="/help/refusals">{messages.help.refusals.title}</Link>
      </p>
    </Page>
  )
}

function Instances() {
  const { data, error, refetch } = useQuery(instancesQuery)
  if (error !== null) return <PageError error={error} onRetry={() => void refetch()} />
  if (data === undefined) return <Skeleton lines={2} />
  if (data.length === 0) return <p>{texts.noInstances}</p>
  return (
    <ul className={styles['links']}>
      {data.map(({ name }) => (
        <li key={name}>
          <Link to="/compute/instances/$name" params={{ name }}>
            <bdi>{name}</bdi>
          </Link>
        </li>
      ))}
    </ul>
  )
}
