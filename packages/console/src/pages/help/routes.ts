/** The help pages: refusals by name, clients, keys. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { z } from 'zod'
import { shellRoute } from '../../app/root-route.tsx'

const listSearch = z.object({ filter: z.string().optional().catch(undefined) })

export const helpRoutes = [
  createRoute({
    getParentRoute: () => shellRoute,
    path: '/help/refusals',
    validateSearch: listSearch,
    component: lazyRouteComponent(() => import('./refusals-page.tsx'), 'RefusalsPage'),
  }),
  createRoute({
    getParentRoute: () => shellRoute,
    path: '/help/refusals/$name',
    component: lazyRouteComponent(() => import('./refusal-page.tsx'), 'RefusalPage'),
  }),
  createRoute({
    getParentRoute: () => shellRoute,
    path: '/help/connect',
    component: lazyRouteComponent(() => import('./connect-page.tsx'), 'ConnectPage'),
  }),
  createRoute({
    getParentRoute: () => shellRoute,
    path: '/help/shortcuts',
    component: lazyRouteComponent(() => import('./shortcuts-page.tsx'), 'ShortcutsPage'),
  }),
] as const
