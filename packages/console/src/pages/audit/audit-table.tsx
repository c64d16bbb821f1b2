/** Records as rows; an opened row shows the JSON of the record, as in the API's answer and in the log. */
import type { AuditRecordAnswer } from '@lakegate/client'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { Button as AriaButton } from 'react-aria-components'
import type { AuditFilter, AuditOf } from '../../data/audit.ts'
import { Badge, STATE_ICONS, type Tone } from '../../kit/badge.tsx'
import { Button } from '../../kit/button.tsx'
import { CodeBlock } from '../../kit/copy.tsx'
import { DataTable, type Column } from '../../kit/data-table.tsx'
import { Drawer } from '../../kit/dialog.tsx'
import { Name } from '../../kit/name.tsx'
import { EmptyState } from '../../kit/state.tsx'
import { messages } from '../../messages/index.ts'
import { formatLocalAndUtc, formatStamp } from '../../text/stamp.ts'
import { isFiltered, type AuditSearch } from './audit-search.ts'
import { useIdentityNames } from './use-identity-names.ts'
import styles from './audit.module.css'

export interface AuditTableProps {
  readonly of: AuditOf
  readonly records: readonly AuditRecordAnswer[]
  readonly filter: AuditFilter
  readonly onFilter: (changed: AuditSearch) => void
}

interface Row {
  readonly id: string
  readonly record: AuditRecordAnswer
}

/**
 * Records have no id. Their key is the time and their position among the records of the same time, from oldest to
 * newest, so that new records do not change the keys of others.
 */
function toRows(records: readonly AuditRecordAnswer[]): readonly Row[] {
  const seen = new Map<string, number>()
  return [...records]
    .reverse()
    .map((record) => {
      const place = seen.get(record.time) ?? 0
      seen.set(record.time, place + 1)
      return { id: `${record.time} ${String(place)}`, record }
    })
    .reverse()
}

export function AuditTable({ of, records, filter, onFilter }: AuditTableProps) {
  const nameOf = useIdentityNames(of, records)
  const [opened, setOpened] = useState<Row>()
  return (
    <>
      <DataTable
        label={messages.audit.records}
        items={toRows(records)}
        columns={columnsOf(setOpened, nameOf)}
        keyOf={({ id }) => id}
        nameOf={({ record }) => `${messages.audit.event(record.event)} ${formatStamp(record.time)}`}
        onOpen={setOpened}
        empty={
          <EmptyState>{isFiltered(filter) ? messages.audit.empty : messages.audit.emptyAtAll}</EmptyState>
        }
      />
      <Drawer
        title={messages.audit.record}
        isOpen={opened !== undefined}
        onClose={() => setOpened(undefined)}
      >
        {opened !== undefined && (
          <div className={styles['record']}>
            <p>{formatLocalAndUtc(opened.record.time)}</p>
            <CodeBlock what={messages.audit.recordJson} code={JSON.stringify(opened.record, undefined, 2)} />
            <Button
              onPress={() => {
                const { event, outcome, reason } = opened.record
                setOpened(undefined)
                onFilter({ event, outcome, reason })
              }}
            >
              {messages.audit.seeSame}
            </Button>
          </div>
        )}
      </Drawer>
    </>
  )
}

const columnsOf = (
  open: (row: Row) => void,
  nameOf: (record: AuditRecordAnswer) => string | undefined,
): readonly Column<Row>[] => [
  {
    id: 'time',
    title: messages.audit.columns.time,
    width: 190,
    render: (row) => (
      <AriaButton
        className={styles['open'] ?? ''}
        aria-label={messages.audit.open(formatStamp(row.record.time))}
        onPress={() => open(row)}
      >
        <time dateTime={row.record.time} title={formatLocalAndUtc(row.record.time)}>
          {formatStamp(row.record.time)}
        </time>
      </AriaButton>
    ),
  },
  {
    id: 'event',
    title: messages.audit.columns.event,
    render: ({ record }) => <span title={record.event}>{messages.audit.event(record.event)}</span>,
    isOnCard: true,
  },
  {
    id: 'outcome',
    title: messages.audit.columns.outcome,
    width: 110,
    render: ({ record }) => <OutcomeBadge outcome={record.outcome} />,
    isOnCard: true,
  },
  {
    id: 'reason',
    title: messages.audit.columns.reason,
    render: ({ record: { reason, outcome } }) =>
      reason === undefined ? undefined : outcome === 'refused' ? (
        <Link className={styles['mono']} to="/help/refusals/$name" params={{ name: reason }}>
          {reason}
        </Link>
      ) : (
        <span className={styles['mono']}>{reason}</span>
      ),
  },
  {
    id: 'who',
    title: messages.audit.columns.who,
    width: 260,
    render: ({ record }) => {
      const name = nameOf(record)
      return name === undefined ? undefined : <Who record={record} name={name} />
    },
    isOnCard: true,
  },
  {
    id: 'role',
    title: messages.audit.columns.role,
    render: ({ record: { role } }) =>
      role === undefined ? undefined : <Name className={styles['mono']} name={role} />,
  },
  {
    id: 'instance',
    title: messages.audit.columns.instance,
    render: ({ record: { instance_name: name } }) =>
      name === undefined ? undefined : (
        <Link to="/compute/instances/$name" params={{ name }}>
          <Name name={name} />
        </Link>
      ),
  },
  {
    id: 'client',
    title: messages.audit.columns.client,
    width: 140,
    render: ({ record }) => record.client_address,
  },
]

const TONES: Readonly<Record<AuditRecordAnswer['outcome'], readonly [Tone, keyof typeof STATE_ICONS]>> = {
  admitted: ['ok', 'done'],
  refused: ['warn', 'gone'],
  failed: ['danger', 'wrong'],
}

function OutcomeBadge({ outcome }: Pick<AuditRecordAnswer, 'outcome'>) {
  const [tone, icon] = TONES[outcome]
  return (
    <Badge tone={tone} icon={STATE_ICONS[icon]}>
      {messages.audit.outcomes[outcome]}
    </Badge>
  )
}

interface WhoProps {
  readonly record: AuditRecordAnswer
  readonly name: string
}

function Who({ record, name }: WhoProps) {
  // The path ends with the identity itself.
  const groups = (record.via_group_names ?? record.via_group_path ?? []).slice(0, -1)
  const path = groups.length === 0 ? undefined : messages.audit.through([...groups].reverse().join(' › '))
  return (
    <span title={[name, path].filter((part) => part !== undefined).join(' ')}>
      <Name name={name} />
      {path !== undefined && (
        <>
          {' '}
          <bdi className={styles['path']}>{path}</bdi>
        </>
      )}
    </span>
  )
}
