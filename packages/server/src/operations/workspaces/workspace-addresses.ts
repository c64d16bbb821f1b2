/**
 * Under which host name a workspace is served, and so which workspace a request is for, and which issuer its tokens
 * name. Workspaces are few and their hosts never change, so they are held in memory and read again when one is
 * asked for that is not known.
 */
import type { AccountId, WorkspaceId } from '../../domain/ids.ts'
import type { Workspace } from '../../domain/workspace.ts'
import type { Clock } from '../ports/clock.ts'
import type { WorkspaceStore } from '../ports/workspaces.ts'

export interface WorkspaceAddresses {
  /** Without a slash at the end, e.g. `http://127.0.0.1:8470`. */
  publicUrlOf(workspace: Pick<Workspace, 'host'>): string
  /** The issuer of the OAuth server of a workspace; of the first workspace when none is named. */
  issuerOf(workspaceId: WorkspaceId | undefined): Promise<string | undefined>
  /** By the Host header; whatever names no other workspace means the first one (attack 33). */
  workspaceAt(hostHeader: string | undefined): Promise<Workspace>
  loadWorkspace(id: WorkspaceId): Promise<Workspace | undefined>
  /** After a workspace was made or removed by this process. */
  forget(): void
}

/** How long another process may go on without a new workspace. */
const REFRESH_MS = 30_000
/** At most one look-up for unknown names in this time, so that made-up ones cost nothing. */
const UNKNOWN_REFRESH_MS = 1_000

const OAUTH_PATH = '/oidc'

export function createWorkspaceAddresses(
  ports: { readonly workspaces: Pick<WorkspaceStore, 'listWorkspaces'>; readonly clock: Clock },
  settings: { readonly publicUrl: string; readonly accountId: AccountId },
): WorkspaceAddresses {
  const { protocol, port, hostname } = new URL(settings.publicUrl)
  let known: { readonly list: readonly Workspace[]; readonly loadedAt: number } | undefined

  const fresh = async (maxAgeMs: number): Promise<readonly Workspace[]> => {
    const now = ports.clock().getTime()
    if (known === undefined || Math.abs(now - known.loadedAt) > maxAgeMs)
      known = { list: await ports.workspaces.listWorkspaces(settings.accountId), loadedAt: now }
    return known.list
  }
  const find = async (matches: (workspace: Workspace) => boolean): Promise<Workspace | undefined> =>
    (await fresh(REFRESH_MS)).find(matches) ?? (await fresh(UNKNOWN_REFRESH_MS)).find(matches)
  const first = async (): Promise<Workspace> => {
    const workspace = await find(({ host }) => host === undefined)
    if (workspace === undefined) throw new Error('there is no workspace at the public URL')
    return workspace
  }
  const publicUrlOf = ({ host }: Pick<Workspace, 'host'>): string =>
    host === undefined ? settings.publicUrl : `${protocol}//${host}${port === '' ? '' : `:${port}`}`

  return {
    publicUrlOf,
    async issuerOf(workspaceId) {
      const workspace = workspaceId === undefined ? await first() : await find(({ id }) => id === workspaceId)
      return workspace === undefined ? undefined : `${publicUrlOf(workspace)}${OAUTH_PATH}`
    },
    async workspaceAt(hostHeader) {
      const host = hostHeader?.toLowerCase().replace(/:\d+$/, '')
      if (host === undefined || host === hostname) return first()
      return (await find((workspace) => workspace.host === host)) ?? first()
    },
    loadWorkspace: (id) => find((workspace) => workspace.id === id),
    forget() {
      known = undefined
    },
  }
}
