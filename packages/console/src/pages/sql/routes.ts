/** The SQL editor: `/sql?instance=dev&tab=2`, or `?new=true` for a new query. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { shellRoute } from '../../app/root-route.tsx'

/** The query of the address; unknown parameters are ignored. */
export interface SqlSearch {
  readonly instance?: string
  readonly database?: string
  readonly role?: string
  readonly tab?: number
  readonly new?: boolean
}

function readSearch(found: Readonly<Record<string, unknown>>): SqlSearch {
  const { instance, database, role, tab, new: isNew } = found
  return {
    ...(typeof instance === 'string' ? { instance } : {}),
    ...(typeof database === 'string' ? { database } : {}),
    ...(typeof role === 'string' ? { role } : {}),
    // Text in an address; a number or a boolean in a link of ours.
    ...(/^[1-9]\d{0,8}$/.test(String(tab)) ? { tab: Number(tab) } : {}),
    ...(isNew === true || isNew === 'true' ? { new: true } : {}),
  }
}

const sqlRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/sql',
  validateSearch: readSearch,
  component: lazyRouteComponent(() => import('./sql-page.tsx'), 'SqlPage'),
})

export const sqlRoutes = [sqlRoute] as const
