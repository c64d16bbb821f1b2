/** The SQL editor: `/sql?instance=dev&tab=2`, or `?new=true` for a new query. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { z } from 'zod'
import { shellRoute } from '../../app/root-route.tsx'

const search = z.object({
  instance: z.string().optional().catch(undefined),
  database: z.string().optional().catch(undefined),
  role: z.string().optional().catch(undefined),
  tab: z.number().int().positive().optional().catch(undefined),
  new: z.boolean().optional().catch(undefined),
})

export type SqlSearch = z.infer<typeof search>

const sqlRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/sql',
  validateSearch: search,
  component: lazyRouteComponent(() => import('./sql-page.tsx'), 'SqlPage'),
})

export const sqlRoutes = [sqlRoute] as const
