/**
 * Lists the instances of the workspace page by page, oldest first. Every member of the workspace sees all of them,
 * because the real service's CLI completes names from this list; using an instance needs its permissions.
 */
import type { DatabaseInstance } from '../../domain/database-instance.ts'
import { parseInstanceUid, type InstanceUid } from '../../domain/ids.ts'
import { decideScope, type Caller } from '../../policy/permissions.ts'
import { refused, type RefusedError, requirePermitted } from '../refused-error.ts'
import type { InstanceStore } from '../ports/instances.ts'

const DEFAULT_PAGE_SIZE = 50
/** A larger page size is reduced to this one, as in Google's AIP-158, which the vendor's API follows. */
const MOST_PAGE_SIZE = 100

export interface InstancePage {
  readonly instances: readonly DatabaseInstance[]
  /** Undefined on the last page. */
  readonly nextPageToken: string | undefined
}

/**
 * @param request.pageSize undefined or 0 means the default
 * @param request.pageToken undefined or empty means the first page
 * @throws RefusedError `invalid_parameter`, `scope_insufficient`
 */
export async function listDatabaseInstances(
  ports: { readonly store: Pick<InstanceStore, 'listPage'> },
  caller: Caller,
  request: { readonly pageSize: number | undefined; readonly pageToken: string | undefined },
): Promise<InstancePage> {
  requirePermitted(decideScope(caller, ['postgres']))
  const size = Math.min(
    request.pageSize === undefined || request.pageSize === 0 ? DEFAULT_PAGE_SIZE : request.pageSize,
    MOST_PAGE_SIZE,
  )
  if (!Number.isInteger(size) || size < 0) throw invalid('page_size', 'must be a whole number, 0 or greater.')
  const after =
    request.pageToken === undefined || request.pageToken === ''
      ? undefined
      : parsePageToken(request.pageToken)

  // One more than fits on the page shows whether there is a next page.
  const found = await ports.store.listPage(caller.workspaceId, { after, size: size + 1 })
  const instances = found.slice(0, size)
  const last = instances.at(-1)
  return {
    instances,
    nextPageToken: found.length > size && last !== undefined ? formatPageToken(last) : undefined,
  }
}

interface PageEnd {
  readonly createdAt: Date
  readonly uid: InstanceUid
}

/** The position of the last instance in the list; it stays valid when that instance is deleted. */
const formatPageToken = ({ createdAt, uid }: PageEnd): string =>
  Buffer.from(`${String(createdAt.getTime())}.${uid}`).toString('base64url')

/** A token is milliseconds since 1970, at most 14 digits until the year 5138, a dot and a UUID. */
const PAGE_TOKEN = /^(\d{1,14})\.([0-9a-f-]{36})$/
const LONGEST_PAGE_TOKEN = Math.ceil(((14 + 1 + 36) * 4) / 3)

function parsePageToken(token: string): PageEnd {
  const match =
    token.length > LONGEST_PAGE_TOKEN
      ? null
      : PAGE_TOKEN.exec(Buffer.from(token, 'base64url').toString('latin1'))
  const createdAt = new Date(Number(match?.[1]))
  const uid = match?.[2] === undefined ? undefined : parseInstanceUid(match[2])
  if (uid === undefined || Number.isNaN(createdAt.getTime())) {
    throw invalid('page_token', 'must be a next_page_token of an earlier answer.')
  }
  return { createdAt, uid }
}

const invalid = (field: string, problem: string): RefusedError =>
  refused('invalid_parameter', { field, problem })
