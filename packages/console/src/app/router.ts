/** All pages of the console, subject by subject (docs/console-development.md explains how to add one). */
import { createRouter } from '@tanstack/react-router'
import { queryClient } from '../data/query-client.ts'
import { accountRoutes } from '../pages/account/routes.ts'
import { auditRoutes } from '../pages/audit/routes.ts'
import { computeRoutes } from '../pages/compute/routes.ts'
import { helpRoutes } from '../pages/help/routes.ts'
import { identityRoutes } from '../pages/identity/routes.ts'
import { instanceRoutes } from '../pages/instance/routes.ts'
import { kitRoutes } from '../pages/kit/routes.ts'
import { settingsRoutes } from '../pages/settings/routes.ts'
import { sqlRoutes } from '../pages/sql/routes.ts'
import { FailedPage } from './not-found.tsx'
import { indexRoute, rootRoute, shellRoute, signedInRoute } from './root-route.tsx'
import { parseSearch, stringifySearch } from './search.ts'
import { vendorRoutes } from './vendor-routes.ts'

const routeTree = rootRoute.addChildren([
  indexRoute,
  signedInRoute,
  ...vendorRoutes,
  shellRoute.addChildren([
    ...computeRoutes,
    ...instanceRoutes,
    ...sqlRoutes,
    ...auditRoutes,
    ...identityRoutes,
    ...accountRoutes,
    ...settingsRoutes,
    ...helpRoutes,
    ...kitRoutes,
  ]),
])

export const router = createRouter({
  routeTree,
  basepath: '/console',
  parseSearch,
  stringifySearch,
  context: { queryClient },
  defaultPreload: 'intent',
  defaultErrorComponent: FailedPage,
  scrollRestoration: true,
})

declare module '@tanstack/react-router' {
  /** Registers the types of links and searches for the whole program. */
  interface Register {
    router: typeof router
  }
}
