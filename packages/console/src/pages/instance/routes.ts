/** The pages of one instance. Its overview, its permissions; the tabs of pages/instance-tabs come beside them. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { shellRoute } from '../../app/root-route.tsx'
import { instanceTabRoutes } from '../instance-tabs/routes.ts'
import { instanceRoute } from './instance-route.ts'

const overviewRoute = createRoute({
  getParentRoute: () => instanceRoute,
  path: '/',
  component: lazyRouteComponent(() => import('./overview-page.tsx'), 'OverviewPage'),
})

const permissionsRoute = createRoute({
  getParentRoute: () => instanceRoute,
  path: '/permissions',
  component: lazyRouteComponent(() => import('./permissions-page.tsx'), 'PermissionsPage'),
})

/** Without the frame: a form, not a tab. */
const editRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/compute/instances/$name/edit',
  component: lazyRouteComponent(() => import('./edit-page.tsx'), 'EditPage'),
})

export const instanceRoutes = [
  instanceRoute.addChildren([overviewRoute, permissionsRoute, ...instanceTabRoutes]),
  editRoute,
] as const
