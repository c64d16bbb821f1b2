/** The page that shows the kit. It is always included, so that tests see what is shipped; no link leads to it. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { shellRoute } from '../../app/root-route.tsx'

export const kitRoutes = [
  createRoute({
    getParentRoute: () => shellRoute,
    path: '/kit',
    component: lazyRouteComponent(() => import('./kit-page.tsx'), 'KitPage'),
  }),
] as const
