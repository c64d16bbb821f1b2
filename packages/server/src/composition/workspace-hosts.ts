/**
 * Host names of workspaces beyond the first. With a domain they are names below it, which the operator points here. On
 * a laptop they are loopback addresses beginning with 127.0.0.1, because real clients accept plain HTTP only there
 * (wire-contract §0.2); Linux has all of these addresses, and elsewhere names below localhost replace them.
 */
import type { AccountId } from '../domain/ids.ts'
import { Fault } from '../domain/fault.ts'
import type { HttpListener } from '../http/listener.ts'
import type { Log } from '../observation/log.ts'
import type { WorkspaceStore } from '../operations/ports/workspaces.ts'

/** 127.0.0.10 … 19 and 127.0.0.100 … 199: all addresses that begin with 127.0.0.1, except 127.0.0.1 itself. */
const LOOPBACK_ENDINGS = [
  ...Array.from({ length: 10 }, (_, index) => 10 + index),
  ...Array.from({ length: 100 }, (_, index) => 100 + index),
]

/** @throws Fault workspace_hosts_used_up */
export function chooseWorkspaceHost(
  publicUrl: string,
  deploymentName: string,
  taken: readonly string[],
  platform: NodeJS.Platform,
): string {
  const { hostname } = new URL(publicUrl)
  const isLocal = hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.')
  if (isLocal && platform === 'linux') {
    const host = LOOPBACK_ENDINGS.map((ending) => `127.0.0.${String(ending)}`).find(
      (address) => !taken.includes(address) && address !== hostname,
    )
    if (host !== undefined) return host
    throw new Fault({
      code: 'workspace_hosts_used_up',
      origin: 'configuration',
      message: 'There is no loopback address left for another workspace.',
      nextStep: 'Serve Lakegate under a domain of its own, with LAKEGATE_PUBLIC_URL.',
    })
  }
  return `${deploymentName}.${isLocal ? 'localhost' : hostname}`
}

/** Loopback addresses need a listening socket of their own; host names arrive at the socket of the first workspace. */
export async function listenForWorkspace(
  listener: Pick<HttpListener, 'alsoListen'>,
  host: string,
  log: Pick<Log, 'warn'>,
): Promise<void> {
  if (!host.startsWith('127.')) return
  if (!(await listener.alsoListen(host)))
    log.warn({ host }, 'the address of a workspace cannot be listened on; the workspace is not reachable')
}

export async function listenForWorkspaces(
  listener: Pick<HttpListener, 'alsoListen'>,
  workspaces: Pick<WorkspaceStore, 'listWorkspaces'>,
  accountId: AccountId,
  log: Pick<Log, 'warn'>,
): Promise<void> {
  for (const { host } of await workspaces.listWorkspaces(accountId)) {
    if (host !== undefined) await listenForWorkspace(listener, host, log)
  }
}
