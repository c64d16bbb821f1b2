/** Who did what, who was refused and why (design 5.11): of the workspace, and of the whole account. */
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import type { AuditOf } from '../../data/audit.ts'
import { useMay, useSession } from '../../data/session.ts'
import { Page } from '../../kit/page.tsx'
import { Notice, Skeleton } from '../../kit/state.tsx'
import { messages } from '../../messages/index.ts'
import { auditSearch, type AuditSearch } from './audit-search.ts'
import { AuditView } from './audit-view.tsx'

export function AuditPage() {
  const may = useMay('see_audit')
  return (
    <Page title={messages.audit.title} isWide>
      {may === undefined && <Skeleton />}
      {may === false && (
        <Notice
          tone="warn"
          title={messages.audit.denied}
          actions={<Link to="/settings/sessions">{messages.audit.ownSessions}</Link>}
        />
      )}
      {may === true && <SearchedAudit of="workspace" />}
    </Page>
  )
}

export function AccountAuditPage() {
  return (
    <Page title={messages.audit.accountTitle} isWide>
      <AccountAudit />
    </Page>
  )
}

/** Without the frame of a page, for use in the pages of the account. */
export function AccountAudit() {
  const session = useSession()
  return session.is_account_admin ? (
    <SearchedAudit of={{ account: session.account_id }} />
  ) : (
    <Notice tone="warn" title={messages.audit.accountDenied} />
  )
}

/** The filters are kept in the URL of the page that shows the audit. */
function SearchedAudit({ of }: { readonly of: AuditOf }) {
  const filter: AuditSearch = auditSearch(useSearch({ strict: false }))
  const navigate = useNavigate()
  const change = (changed: AuditSearch) =>
    void navigate({ to: '.', search: { ...filter, ...changed }, replace: true })
  // The loaded records, and the count of new ones, belong to one filter.
  return <AuditView key={JSON.stringify([of, filter])} of={of} filter={filter} onChange={change} />
}
