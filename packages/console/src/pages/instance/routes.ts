/** The pages of one instance: its overview, its permissions, and the tabs of pages/instance-tabs. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { shellRoute } from '../../app/root-route.tsx'
import { instanceTabRoutes } from '../instance-tabs/routes.ts'
import { connectionSearch } from './connection/connection-search.ts'
import { instanceRoute } from './instance-route.ts'

const overviewRoute = createRoute({
  getParentRoute: () => instanceRoute,
  path: '/',
  validateSearch: connectionSearch,
  component: lazyRouteComponent(() => import('./overview-page.tsx'), 'OverviewPage'),
})

const permissionsRoute = createRoute({
  getParentRoute: () => instanceRoute,
  path: '/permissions',
  component: lazyRouteComponent(() => import('./permissions-page.tsx'), 'PermissionsPage'),
})

/** Without the frame, because it is a form and not a tab. */
const editRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/compute/instances/$name/edit',
  component: lazyRouteComponent(() => import('./edit-page.tsx'), 'EditPage'),
})

export const instanceRoutes = [
  instanceRoute.addChildren([overviewRoute, permissionsRoute, ...instanceTabRoutes]),
  editRoute,
] as const
