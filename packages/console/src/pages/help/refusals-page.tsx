/** All refusals by name, searchable by any text that a log or a client showed. */
import type { RefusalExplanation } from '@lakegate/client'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { refusalsQuery } from '../../data/refusals.ts'
import { DataTable, type Column } from '../../kit/data-table.tsx'
import { SearchField } from '../../kit/field.tsx'
import { Intro, Page, Toolbar } from '../../kit/page.tsx'
import { EmptyState, PageError, Skeleton } from '../../kit/state.tsx'
import { useSearchText } from '../../kit/use-param.ts'
import { messages } from '../../messages/index.ts'

const texts = messages.help.refusals

const codeOf = (one: RefusalExplanation): string =>
  [one.sqlstate, one.error_code].filter((code) => code !== undefined).join(' · ')
const textOf = (one: RefusalExplanation): string => one.message ?? one.http_message ?? ''

const COLUMNS: readonly Column<RefusalExplanation>[] = [
  {
    id: 'name',
    title: texts.name,
    render: ({ name }) => (
      <Link to="/help/refusals/$name" params={{ name }}>
        <code>{name}</code>
      </Link>
    ),
    sortBy: ({ name }) => name,
    width: 280,
  },
  { id: 'code', title: texts.code, render: codeOf, sortBy: codeOf, width: 260 },
  { id: 'text', title: texts.says, render: (one) => <span title={textOf(one)}>{textOf(one)}</span> },
]

export function RefusalsPage() {
  const filter = useSearchText('filter')
  const navigate = useNavigate()
  const { data, error, refetch } = useQuery(refusalsQuery)
  const wanted = filter.trim().toLowerCase()
  const found = data?.filter((one) =>
    [one.name, codeOf(one), one.message, one.detail, one.hint, one.http_message].some(
      (text) => text?.toLowerCase().includes(wanted) ?? false,
    ),
  )
  return (
    <Page title={texts.title} section={messages.help.title} isWide>
      <Intro>{texts.text}</Intro>
      <Toolbar>
        <SearchField
          label={texts.filter}
          value={filter}
          onChange={(text) =>
            void navigate({
              to: '/help/refusals',
              search: text === '' ? {} : { filter: text },
              replace: true,
            })
          }
        />
      </Toolbar>
      {found === undefined && error === null && <Skeleton />}
      {error !== null && <PageError error={error} onRetry={() => void refetch()} />}
      {found !== undefined && (
        <DataTable
          label={texts.title}
          items={found}
          columns={COLUMNS}
          keyOf={({ name }) => name}
          nameOf={({ name }) => name}
          empty={<EmptyState>{texts.empty}</EmptyState>}
        />
      )}
    </Page>
  )
}
