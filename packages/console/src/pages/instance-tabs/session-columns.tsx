/** The columns of the list of sessions. */
import { Link } from '@tanstack/react-router'
import type { OpenSessionAnswer } from '@lakegate/client'
import { PrincipalChip } from '../../kit/badge.tsx'
import type { Column } from '../../kit/data-table.tsx'
import { Name } from '../../kit/name.tsx'
import { TimeText, useNow } from '../../kit/time.tsx'
import { messages } from '../../messages/index.ts'
import { formatBytes, formatRemaining, formatWithZone } from '../../text/format.ts'
import { formatAge } from '../../text/age.ts'
import styles from './instance-tabs.module.css'

const texts = messages.instanceTabs.sessions

/** The person behind the role; unknown when the session logged in with the role's own password. */
export const personOf = (session: OpenSessionAnswer): string => session.identity?.name ?? texts.nativePassword

/** From the group that the person is in to the group of the role: «data-team › analysts». */
const pathOf = (session: OpenSessionAnswer, groupName: (id: string) => string): string | undefined => {
  const groups = session.group_path.slice(0, -1)
  return groups.length === 0 ? undefined : [...groups].reverse().map(groupName).join(' › ')
}

export const sessionColumns = (
  groupName: (id: string) => string,
  hasInstanceColumn: boolean,
): readonly Column<OpenSessionAnswer>[] => [
  {
    id: 'person',
    title: texts.columns.person,
    width: 300,
    render: (session) => <PersonBehind session={session} path={pathOf(session, groupName)} />,
    sortBy: personOf,
  },
  ...(hasInstanceColumn
    ? [
        {
          id: 'instance',
          title: texts.columns.instance,
          render: ({ database_instance_name: name }: OpenSessionAnswer) => (
            <Link to="/compute/instances/$name/sessions" params={{ name }}>
              <Name name={name} />
            </Link>
          ),
          sortBy: ({ database_instance_name: name }: OpenSessionAnswer) => name,
          isOnCard: true,
        },
      ]
    : []),
  {
    id: 'role',
    title: texts.columns.role,
    render: ({ role }) => <Name className={styles['shortName']} name={role} />,
    sortBy: ({ role }) => role,
    isOnCard: true,
  },
  {
    id: 'database',
    title: texts.columns.database,
    render: ({ database }) => <Name className={styles['shortName']} name={database} />,
    sortBy: ({ database }) => database,
  },
  {
    id: 'client',
    title: texts.columns.client,
    render: ({ client_address: address }) => address,
    sortBy: ({ client_address: address }) => address,
  },
  {
    id: 'opened',
    title: texts.columns.opened,
    render: ({ create_time: at }) => <TimeText at={at} />,
    sortBy: ({ create_time: at }) => Date.parse(at),
    isOnCard: true,
  },
  {
    id: 'idle',
    title: texts.columns.idle,
    isNumeric: true,
    render: ({ last_activity_time: at }) => <Idle since={at} />,
    // The session that is idle longest has the earliest activity.
    sortBy: ({ last_activity_time: at }) => -Date.parse(at),
    isOnCard: true,
  },
  {
    id: 'token',
    title: texts.columns.token,
    isNumeric: true,
    render: ({ token_expire_time: at }) => (at === undefined ? undefined : <TokenLeft until={at} />),
    sortBy: ({ token_expire_time: at }) => (at === undefined ? Number.POSITIVE_INFINITY : Date.parse(at)),
  },
  {
    id: 'traffic',
    title: texts.columns.traffic,
    isNumeric: true,
    width: 150,
    render: ({ bytes_from_client: from, bytes_to_client: to }) =>
      texts.traffic(formatBytes(from), formatBytes(to)),
    sortBy: ({ bytes_from_client: from, bytes_to_client: to }) => from + to,
  },
]

function PersonBehind({
  session,
  path,
}: {
  readonly session: OpenSessionAnswer
  readonly path: string | undefined
}) {
  return (
    <span className={styles['person']}>
      <PrincipalChip type={session.identity?.type ?? 'PG_ONLY'} name={personOf(session)} />
      {path !== undefined && (
        <bdi className={styles['path']} title={path}>
          {texts.through(path)}
        </bdi>
      )}
    </span>
  )
}

const SECOND = 1000

function Idle({ since }: { readonly since: string }) {
  const now = useNow(SECOND)
  return (
    <time dateTime={since} title={formatWithZone(new Date(since))}>
      {formatAge(new Date(since), now)}
    </time>
  )
}

/** A session stays open after its token has expired, unless the policy of the instance ends it. */
function TokenLeft({ until }: { readonly until: string }) {
  const now = useNow(SECOND)
  const left = Date.parse(until) - now.getTime()
  return (
    <time dateTime={until} title={formatWithZone(new Date(until))}>
      {left > 0 ? texts.tokenLeft(formatRemaining(left)) : texts.tokenOver}
    </time>
  )
}
