/** The pages of Compute: the list of database instances, the sessions of all of them, and the form that makes one. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { shellRoute } from '../../app/root-route.tsx'
import { oneOf, searchFields } from '../../kit/search-fields.ts'
import { instanceFilter } from './instance-filter.ts'

const instancesRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/compute/instances',
  validateSearch: instanceFilter,
  component: lazyRouteComponent(() => import('./instances-page.tsx'), 'InstancesPage'),
})

const sessionsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/compute/sessions',
  component: lazyRouteComponent(() => import('./open-sessions-page.tsx'), 'OpenSessionsPage'),
})

const newInstanceRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/compute/instances/new',
  validateSearch: searchFields({ kind: oneOf(['new', 'attach']) }),
  component: lazyRouteComponent(() => import('./create-page.tsx'), 'CreatePage'),
})

export const computeRoutes = [instancesRoute, sessionsRoute, newInstanceRoute] as const
