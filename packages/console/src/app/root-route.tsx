/** The root of all pages, and the shell around those of a signed-in person. */
import { createRootRouteWithContext, createRoute, Outlet, redirect } from '@tanstack/react-router'
import type { QueryClient } from '@tanstack/react-query'
import { ApiError } from '../data/api.ts'
import { sessionQuery } from '../data/session.ts'
import { NotFound } from './not-found.tsx'
import { Shell } from './shell.tsx'
import { SignedInPage } from './signed-in-page.tsx'

interface RouterContext {
  readonly queryClient: QueryClient
}

export const rootRoute = createRootRouteWithContext<RouterContext>()({
  component: Outlet,
  notFoundComponent: NotFound,
})

/**
 * Has no path of its own. A person who is not signed in is sent to the sign-in pages, and returns to the wanted page.
 */
export const shellRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: 'shell',
  component: Shell,
  beforeLoad: async ({ context, location }) => {
    try {
      await context.queryClient.query({ ...sessionQuery, staleTime: 'static' })
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error
      const destination = `/console${location.href}`
      globalThis.location.assign(`/console/sign-in?destination=${encodeURIComponent(destination)}`)
      // The browser is navigating to the sign-in pages; nothing of the console is shown meanwhile.
      await new Promise(() => undefined)
    }
  },
})

export const indexRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  beforeLoad: () => {
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- how the router takes a redirect
    throw redirect({ to: '/compute/instances', replace: true })
  },
})

/** Outside the shell, because the shell requires a session. */
export const signedInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/signed-in',
  component: SignedInPage,
})
