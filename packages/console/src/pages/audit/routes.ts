/** The pages of audit: that of the workspace, and that of the account. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { shellRoute } from '../../app/root-route.tsx'
import { auditSearch } from './audit-search.ts'

const workspaceAuditRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/audit',
  validateSearch: auditSearch,
  component: lazyRouteComponent(() => import('./audit-page.tsx'), 'AuditPage'),
})

const accountAuditRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/account/audit',
  validateSearch: auditSearch,
  component: lazyRouteComponent(() => import('./audit-page.tsx'), 'AccountAuditPage'),
})

export const auditRoutes = [workspaceAuditRoute, accountAuditRoute] as const
