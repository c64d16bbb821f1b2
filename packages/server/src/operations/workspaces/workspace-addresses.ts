/**
 * The host name under which each workspace is served; it decides which workspace a request is for, and which issuer its
 * tokens name. Workspaces are few and their hosts never change, so they are kept in memory and read again when an
 * unknown one is asked for.
 */
import type { AccountId, WorkspaceId } from '../../domain/ids.ts'
import type { Workspace } from '../../domain/workspace.ts'
import type { Clock } from '../ports/clock.ts'
import type { WorkspaceStore } from '../ports/workspaces.ts'

export interface WorkspaceAddresses {
  /** Without a slash at the end, e.g. `http://127.0.0.1:8470`. */
  publicUrlOf(workspace: Pick<Workspace, 'host'>): string
  /** The issuer of a workspace's OAuth server; of the first workspace when undefined. */
  issuerOf(workspaceId: WorkspaceId | undefined): Promise<string | undefined>
  /**
   * Finds the workspace by the Host header; any name that belongs to no other workspace means the first one (attack
   * 33).
   */
  workspaceAt(hostHeader: string | undefined): Promise<Workspace>
  loadWorkspace(id: WorkspaceId): Promise<Workspace | undefined>
  /** Called after this process has created or deleted a workspace. */
  forget(): void
}

/** How long a workspace created by another process may stay unknown here. */
const REFRESH_MS = 30_000
/** Unknown names cause at most one read in this time, so that made-up ones cost nothing. */
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
