/** The tabs of an instance that this person may open; others are left out. */
import { useQuery } from '@tanstack/react-query'
import type { InstanceAction } from '@lakegate/client'
import { instanceRightsQuery } from '../../data/instances.ts'
import { messages } from '../../messages/index.ts'

const TABS = [
  ['overview', '', 'see'],
  ['roles', '/roles', 'see_roles'],
  ['permissions', '/permissions', 'see_permissions'],
  ['sessions', '/sessions', 'see_sessions'],
  ['metrics', '/metrics', 'see_metrics'],
  ['catalogs', '/catalogs', 'manage_catalogs'],
  ['loginCheck', '/login-check', 'check_own_login'],
] as const satisfies readonly (readonly [string, string, InstanceAction])[]

export interface InstanceTab {
  readonly path: (typeof TABS)[number][1]
  readonly label: string
}

export function useInstanceTabs(name: string): readonly InstanceTab[] {
  const { data } = useQuery(instanceRightsQuery(name))
  const actions: readonly InstanceAction[] = data?.actions ?? ['see']
  return TABS.filter(([, , action]) => actions.includes(action)).map(([id, path]) => ({
    path,
    label: messages.instance.tabs[id],
  }))
}

/** The name of the open tab, for the title of the window. */
export function tabAt(pathname: string): string {
  const path = /\/compute\/instances\/[^/]+(\/[^/]+)?/.exec(pathname)?.[1] ?? ''
  const [id = 'overview'] = TABS.find(([, at]) => at === path) ?? []
  return messages.instance.tabs[id]
}
