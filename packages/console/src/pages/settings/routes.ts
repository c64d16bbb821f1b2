/** The pages of the person's own settings. */
import { createRoute, lazyRouteComponent, redirect } from '@tanstack/react-router'
import { shellRoute } from '../../app/root-route.tsx'

export const settingsRoutes = [
  createRoute({
    getParentRoute: () => shellRoute,
    path: '/settings',
    beforeLoad: () => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- how the router takes a redirect
      throw redirect({ to: '/settings/profile', replace: true })
    },
  }),
  createRoute({
    getParentRoute: () => shellRoute,
    path: '/settings/profile',
    component: lazyRouteComponent(() => import('./profile-page.tsx'), 'ProfilePage'),
  }),
  createRoute({
    getParentRoute: () => shellRoute,
    path: '/settings/access-tokens',
    component: lazyRouteComponent(() => import('./access-tokens-page.tsx'), 'AccessTokensPage'),
  }),
  createRoute({
    getParentRoute: () => shellRoute,
    path: '/settings/sessions',
    component: lazyRouteComponent(() => import('./sign-ins-page.tsx'), 'SignInsPage'),
  }),
  createRoute({
    getParentRoute: () => shellRoute,
    path: '/settings/appearance',
    component: lazyRouteComponent(() => import('./appearance-page.tsx'), 'AppearancePage'),
  }),
] as const
