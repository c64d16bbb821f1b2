/**
 * Redirects addresses that the real service uses for the same pages, so that links in its documentation also work here.
 */
import { createRoute, redirect } from '@tanstack/react-router'
import { rootRoute } from './root-route.tsx'

const toInstances = (rest = '') => {
  const name = rest.replace(/^instances(\/|$)/, '')
  const to: string = name === '' ? '/compute/instances' : `/compute/instances/${name}`
  // eslint-disable-next-line @typescript-eslint/only-throw-error -- how the router takes a redirect
  throw redirect({ to, replace: true })
}

const routesAt = (path: '/compute/database-instances' | '/lakebase/provisioned') => [
  createRoute({ getParentRoute: () => rootRoute, path, beforeLoad: () => toInstances() }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: `${path}/$`,
    beforeLoad: ({ params }) => toInstances(params._splat),
  }),
]

export const vendorRoutes = [
  ...routesAt('/compute/database-instances'),
  ...routesAt('/lakebase/provisioned'),
] as const
