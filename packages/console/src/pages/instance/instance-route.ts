/** The frame route of an instance's pages; each tab is a child route, including those of pages/instance-tabs. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { shellRoute } from '../../app/root-route.tsx'

export const instanceRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/compute/instances/$name',
  component: lazyRouteComponent(() => import('./instance-frame.tsx'), 'InstanceFrame'),
})
