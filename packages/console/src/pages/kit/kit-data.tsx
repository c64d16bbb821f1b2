/** Components that show data: badges, names, values to copy, times, tables. */
import { useState } from 'react'
import { Badge, PrincipalChip, STATE_ICONS } from '../../kit/badge.tsx'
import { CodeBlock, CopyField, SecretField, ShowAsCall } from '../../kit/copy.tsx'
import { DataTable, type Column } from '../../kit/data-table.tsx'
import { RowMenu } from '../../kit/menu.tsx'
import { Name } from '../../kit/name.tsx'
import { Card, Toolbar } from '../../kit/page.tsx'
import { EmptyState, KeyValueList } from '../../kit/state.tsx'
import { Countdown, TimeText } from '../../kit/time.tsx'
import { messages } from '../../messages/index.ts'

const texts = messages.kitPage

interface Row {
  readonly name: string
  readonly sessions: number
  readonly created: string
}

const ROWS: readonly Row[] = [
  { name: 'analysts', sessions: 3, created: '2026-11-26T10:00:00Z' },
  { name: `long-${'n'.repeat(250)}`, sessions: 0, created: '2025-01-01T00:00:00Z' },
  { name: '\u202Ereversed\u202C <b>markup</b>', sessions: 12_000, created: '' },
]

const COLUMNS: readonly Column<Row>[] = [
  {
    id: 'name',
    title: texts.role,
    render: ({ name }) => <Name name={name} />,
    sortBy: (row) => row.name,
  },
  { id: 'created', title: texts.created, render: ({ created }) => <TimeText at={created} /> },
  {
    id: 'sessions',
    title: texts.sessions,
    render: ({ sessions }) => sessions,
    sortBy: ({ sessions }) => sessions,
    isNumeric: true,
  },
]

const COMMAND =
  'psql "host=127.0.0.2 port=5432 dbname=databricks_postgres user=ada@example.com sslmode=require"'
const HOUR = 3_600_000
const HALF_A_MINUTE = 30_000

export function KitData() {
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set(['analysts']))
  const [now] = useState(() => Date.now())
  return (
    <>
      <Toolbar>
        <Badge tone="ok" icon={STATE_ICONS.done}>
          {texts.available}
        </Badge>
        <Badge tone="info" icon={STATE_ICONS.underWay}>
          {texts.starting}
        </Badge>
        <Badge icon={STATE_ICONS.off}>{texts.stopped}</Badge>
        <Badge tone="danger" icon={STATE_ICONS.gone}>
          {texts.deleting}
        </Badge>
        <Badge tone="warn" icon={STATE_ICONS.wrong}>
          {texts.warning}
        </Badge>
        <PrincipalChip type="USER" name="ada@example.com" />
        <PrincipalChip type="SERVICE_PRINCIPAL" name="my app" />
        <PrincipalChip type="GROUP" name="analysts" isGroupRole />
        <PrincipalChip type="PG_ONLY" name="app_legacy" />
      </Toolbar>
      <Card title={texts.token}>
        <SecretField what={texts.token} secret="eyJhbGciOiJFUzI1NiJ9.example" copyLabel={texts.copyToken} />
        <Toolbar>
          <Countdown until={new Date(now + HOUR)} />
          <Countdown until={new Date(now + HALF_A_MINUTE)} />
          <Countdown until={new Date(now - HOUR)} />
        </Toolbar>
        <CodeBlock what={texts.command} code={COMMAND} />
        <ShowAsCall code="GET /api/2.0/database/instances" />
        <KeyValueList
          items={[{ key: texts.uid, value: <CopyField what={texts.uid} value="8bb22026-dc0b" /> }]}
        />
      </Card>
      <DataTable
        label={texts.roles}
        items={ROWS}
        columns={COLUMNS}
        keyOf={({ name }) => name}
        nameOf={({ name }) => name}
        empty={<EmptyState>{texts.emptyTable}</EmptyState>}
        selected={selected}
        onSelect={setSelected}
        actionsOf={({ name }) => (
          <RowMenu name={name} actions={[{ id: 'drop', label: texts.menuDelete, isDangerous: true }]} />
        )}
      />
    </>
  )
}
