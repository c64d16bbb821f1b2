/** The list of one kind of identity, of the workspace or of the account. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useDeferredValue, useState } from 'react'
import { directoryQuery, type IdentityKind } from '../../data/directory.ts'
import { useMay } from '../../data/session.ts'
import { Badge, PrincipalChip, STATE_ICONS } from '../../kit/badge.tsx'
import { Button } from '../../kit/button.tsx'
import { DataTable, type Column } from '../../kit/data-table.tsx'
import { SearchField } from '../../kit/field.tsx'
import { Name } from '../../kit/name.tsx'
import { Page, Toolbar } from '../../kit/page.tsx'
import { EmptyState, PageError, Skeleton } from '../../kit/state.tsx'
import { TimeText } from '../../kit/time.tsx'
import { useSearchText } from '../../kit/use-param.ts'
import { messages } from '../../messages/index.ts'
import { AddIdentityDialog } from './add-identity-dialog.tsx'
import { isAccountAdmin, isSystemGroup, nameOf, principalTypeOf, type AnyIdentity } from './names.ts'
import { pagePath, usePlace } from './place.ts'
import { DirectoryTabs } from './tabs.tsx'

const texts = messages.identity

export const UsersPage = () => <ListPage kind="Users" />
export const ServicePrincipalsPage = () => <ListPage kind="ServicePrincipals" />
export const GroupsPage = () => <ListPage kind="Groups" />

function ListPage({ kind }: { readonly kind: IdentityKind }) {
  const place = usePlace()
  const navigate = useNavigate()
  const filter = useSearchText('filter')
  const sought = useDeferredValue(filter)
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(
    directoryQuery(place, kind, sought),
  )
  const mayManage = useMay(place === 'workspace' ? 'manage_identities' : 'manage_account')
  const [isAdding, setAdding] = useState(false)
  const identities: readonly AnyIdentity[] = data?.pages.flatMap(({ Resources }) => Resources) ?? []
  const total = data?.pages[0]?.totalResults ?? 0
  return (
    <Page
      title={texts.kinds[kind]}
      section={place === 'account' ? texts.accountTitle : texts.title}
      isWide
      actions={
        mayManage === true && (
          <Button kind="primary" onPress={() => setAdding(true)}>
            {texts.add[kind]}
          </Button>
        )
      }
    >
      <DirectoryTabs place={place} />
      <Toolbar>
        <SearchField
          label={texts.filterBy[kind]}
          value={filter}
          onChange={(text) =>
            void navigate({ to: '.', search: text === '' ? {} : { filter: text }, replace: true })
          }
        />
        {data !== undefined && <span>{texts.shownOf(identities.length, total)}</span>}
      </Toolbar>
      {data === undefined && error === null && <Skeleton />}
      {error !== null && <PageError error={error} onRetry={() => void refetch()} />}
      {data !== undefined && (
        <DataTable
          label={texts.kinds[kind]}
          items={identities}
          keyOf={({ id }) => id}
          nameOf={nameOf}
          columns={columnsOf(place, kind)}
          empty={<EmptyState>{sought === '' ? texts.empty[kind] : texts.nothingFound}</EmptyState>}
        />
      )}
      {hasNextPage && (
        <Toolbar>
          <Button onPress={() => void fetchNextPage()} isBusy={isFetchingNextPage}>
            {texts.loadMore}
          </Button>
        </Toolbar>
      )}
      {isAdding && (
        <AddIdentityDialog
          place={place}
          kind={kind}
          onClose={() => setAdding(false)}
          onOpen={(id) => void navigate({ to: pagePath(place, kind, id) })}
        />
      )}
    </Page>
  )
}

function columnsOf(place: ReturnType<typeof usePlace>, kind: IdentityKind): readonly Column<AnyIdentity>[] {
  const name: Column<AnyIdentity> = {
    id: 'name',
    title: kind === 'Users' ? texts.columns.userName : texts.columns.name,
    render: (identity) => (
      <Link to={pagePath(place, kind, identity.id)}>
        <PrincipalChip type={principalTypeOf(kind)} name={nameOf(identity)} />
      </Link>
    ),
  }
  const created: Column<AnyIdentity> = {
    id: 'created',
    title: texts.columns.created,
    render: ({ meta }) => <TimeText at={meta.created} />,
  }
  const status: Column<AnyIdentity> = {
    id: 'status',
    title: texts.columns.status,
    render: (identity) => (hasStatus(identity) ? <Status identity={identity} /> : undefined),
  }
  if (kind === 'Users')
    return [
      name,
      {
        id: 'display',
        title: texts.columns.displayName,
        render: ({ displayName }) => <Name name={displayName} />,
      },
      status,
      created,
    ]
  if (kind === 'Groups') return [name, status, created]
  return [
    name,
    {
      id: 'application',
      title: texts.columns.applicationId,
      render: (identity) => 'applicationId' in identity && <code>{identity.applicationId}</code>,
    },
    status,
    created,
  ]
}

const hasStatus = (identity: AnyIdentity): boolean => 'active' in identity || isSystemGroup(identity)

/** Active or not, with badges for anything special. */
export function Status({ identity }: { readonly identity: AnyIdentity }) {
  if (isSystemGroup(identity)) return <Badge>{texts.systemGroup}</Badge>
  return (
    <>
      {'active' in identity && (
        <Badge
          tone={identity.active ? 'ok' : 'neutral'}
          icon={identity.active ? STATE_ICONS.done : STATE_ICONS.off}
        >
          {identity.active ? texts.active : texts.deactivated}
        </Badge>
      )}{' '}
      {isAccountAdmin(identity) && <Badge tone="info">{texts.accountAdmin}</Badge>}
    </>
  )
}
