/** The pages of Account, for its administrators. The pages of its directory are those of Identity and access. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { shellRoute } from '../../app/root-route.tsx'
import { directoryRoutes } from '../identity/directory-routes.ts'

export const accountRoutes = [
  ...directoryRoutes('/account'),
  createRoute({
    getParentRoute: () => shellRoute,
    path: '/account/workspaces',
    component: lazyRouteComponent(() => import('./workspaces-page.tsx'), 'WorkspacesPage'),
  }),
  createRoute({
    getParentRoute: () => shellRoute,
    path: '/account/workspaces/$id',
    component: lazyRouteComponent(() => import('./workspace-page.tsx'), 'WorkspacePage'),
  }),
  createRoute({
    getParentRoute: () => shellRoute,
    path: '/account/applications',
    component: lazyRouteComponent(() => import('./applications-page.tsx'), 'ApplicationsPage'),
  }),
  createRoute({
    getParentRoute: () => shellRoute,
    path: '/account/federation',
    component: lazyRouteComponent(() => import('./federation-page.tsx'), 'FederationPage'),
  }),
] as const
