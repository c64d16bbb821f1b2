/** The pages of Compute: the list of database instances. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { shellRoute } from '../../app/root-route.tsx'

const instancesRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/compute/instances',
  component: lazyRouteComponent(() => import('./instances-page.tsx'), 'InstancesPage'),
})

export const computeRoutes = [instancesRoute] as const
