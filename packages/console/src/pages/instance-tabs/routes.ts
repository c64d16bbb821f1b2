/** The tabs of an instance besides its overview and permissions. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { instanceRoute } from '../instance/instance-route.ts'
import { catalogsSearch, loginCheckSearch, metricsSearch, rolesSearch } from './searches.ts'

const rolesRoute = createRoute({
  getParentRoute: () => instanceRoute,
  path: '/roles',
  validateSearch: rolesSearch,
  component: lazyRouteComponent(() => import('./roles-page.tsx'), 'RolesPage'),
})

const sessionsRoute = createRoute({
  getParentRoute: () => instanceRoute,
  path: '/sessions',
  component: lazyRouteComponent(() => import('./sessions-page.tsx'), 'SessionsPage'),
})

const metricsRoute = createRoute({
  getParentRoute: () => instanceRoute,
  path: '/metrics',
  validateSearch: metricsSearch,
  component: lazyRouteComponent(() => import('./metrics-page.tsx'), 'MetricsPage'),
})

const catalogsRoute = createRoute({
  getParentRoute: () => instanceRoute,
  path: '/catalogs',
  validateSearch: catalogsSearch,
  component: lazyRouteComponent(() => import('./catalogs-page.tsx'), 'CatalogsPage'),
})

const loginCheckRoute = createRoute({
  getParentRoute: () => instanceRoute,
  path: '/login-check',
  validateSearch: loginCheckSearch,
  component: lazyRouteComponent(() => import('./login-check-page.tsx'), 'LoginCheckPage'),
})

export const instanceTabRoutes = [
  rolesRoute,
  sessionsRoute,
  metricsRoute,
  catalogsRoute,
  loginCheckRoute,
] as const
