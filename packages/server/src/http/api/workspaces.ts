/** Workspaces of the account, and who is assigned to them (wire-contract §4.5). */
import type { PermissionAssignment, WorkspaceAnswer } from '@lakegate/client'
import { z } from 'zod'
import { WORKSPACE_PERMISSIONS, type Workspace } from '../../domain/workspace.ts'
import {
  assignToWorkspace,
  listAssignments,
  type AssignmentPorts,
} from '../../operations/workspaces/assign-to-workspace.ts'
import {
  createWorkspace,
  deleteWorkspace,
  getWorkspace,
  listWorkspaces,
  type WorkspacePorts,
} from '../../operations/workspaces/manage-workspaces.ts'
import type { WorkspaceAssignment } from '../../operations/ports/workspaces.ts'
import { defineRoute } from '../define-route.ts'
import type { Route } from '../route.ts'
import { anyQuery, noBody, nothing } from '../shapes.ts'

export type WorkspaceRoutePorts = WorkspacePorts &
  AssignmentPorts & { readonly publicUrlOf: (workspace: Workspace) => string }

const creation = z.strictObject({
  workspace_name: z.string().min(1).max(100),
  deployment_name: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'use lower-case letters, digits and inner hyphens.')
    .optional(),
})
const ofWorkspace = z.object({ workspaceId: z.string() })
const ofPrincipal = z.object({ workspaceId: z.string(), principalId: z.string() })

export function workspaceRoutes(ports: WorkspaceRoutePorts): readonly Route[] {
  const collection = `/api/2.0/accounts/${ports.accountId}/workspaces`
  const one = `${collection}/:workspaceId`
  const show = (workspace: Workspace): WorkspaceAnswer => ({
    workspace_id: Number(workspace.id),
    workspace_name: workspace.name,
    account_id: ports.accountId,
    deployment_name: workspace.deploymentName ?? deploymentNameFrom(workspace.name),
    workspace_status: 'RUNNING',
    workspace_url: ports.publicUrlOf(workspace),
  })
  return [
    defineRoute({
      method: 'GET',
      path: collection,
      scopes: [],
      params: nothing,
      query: anyQuery,
      body: noBody,
      handle: async ({ caller }) => ({ body: (await listWorkspaces(ports, caller)).map(show) }),
    }),
    defineRoute({
      method: 'POST',
      path: collection,
      scopes: [],
      params: nothing,
      query: anyQuery,
      body: creation,
      async handle({ body, caller }) {
        const created = await createWorkspace(ports, caller, {
          name: body.workspace_name,
          deploymentName: body.deployment_name ?? deploymentNameFrom(body.workspace_name),
        })
        return { status: 201, body: show(created) }
      },
    }),
    defineRoute({
      method: 'GET',
      path: one,
      scopes: [],
      params: ofWorkspace,
      query: anyQuery,
      body: noBody,
      handle: async ({ params, caller }) => ({
        body: show(await getWorkspace(ports, caller, params.workspaceId)),
      }),
    }),
    defineRoute({
      method: 'DELETE',
      path: one,
      scopes: [],
      params: ofWorkspace,
      query: anyQuery,
      body: noBody,
      async handle({ params, caller }) {
        await deleteWorkspace(ports, caller, params.workspaceId)
        return { body: {} }
      },
    }),
    ...assignmentRoutes(`${one}/permissionassignments`, ports),
  ]
}

/** Turns a name into a label of a host name. */
function deploymentNameFrom(workspaceName: string): string {
  const label = workspaceName
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 63)
    .replace(/^-|-$/g, '')
  return label === '' ? 'workspace' : label
}

function assignmentRoutes(path: string, ports: AssignmentPorts): readonly Route[] {
  return [
    defineRoute({
      method: 'GET',
      path,
      scopes: [],
      params: ofWorkspace,
      query: anyQuery,
      body: noBody,
      handle: async ({ params, caller }) => ({
        body: {
          permission_assignments: (await listAssignments(ports, caller, params.workspaceId)).map(
            showAssignment,
          ),
        },
      }),
    }),
    defineRoute({
      method: 'GET',
      path: `${path}/permissions`,
      scopes: [],
      params: ofWorkspace,
      query: anyQuery,
      body: noBody,
      handle: () =>
        Promise.resolve({
          body: {
            permissions: [
              { permission_level: 'USER', description: 'Can use the workspace' },
              { permission_level: 'ADMIN', description: 'Can administer the workspace' },
            ],
          },
        }),
    }),
    defineRoute({
      method: 'PUT',
      path: `${path}/principals/:principalId`,
      scopes: [],
      params: ofPrincipal,
      query: anyQuery,
      body: z.strictObject({ permissions: z.array(z.enum(WORKSPACE_PERMISSIONS)).max(2) }),
      async handle({ params, body: { permissions }, caller }) {
        const assigned = await assignToWorkspace(ports, caller, {
          workspace: params.workspaceId,
          principalId: params.principalId,
          // No permission means no assignment, as in the real service.
          permission: permissions.includes('ADMIN') ? 'ADMIN' : permissions[0],
        })
        return { body: assigned === undefined ? {} : showAssignment(assigned) }
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: `${path}/principals/:principalId`,
      scopes: [],
      params: ofPrincipal,
      query: anyQuery,
      body: noBody,
      async handle({ params, caller }) {
        await assignToWorkspace(ports, caller, {
          workspace: params.workspaceId,
          principalId: params.principalId,
          permission: undefined,
        })
        return { body: {} }
      },
    }),
  ]
}

const NAME_FIELDS = {
  USER: 'user_name',
  SERVICE_PRINCIPAL: 'service_principal_name',
  GROUP: 'group_name',
} as const

/** Ids of principals are JSON numbers here; they are below 2^53 by construction (sql/system/0001). */
const showAssignment = ({ identity, permission }: WorkspaceAssignment): PermissionAssignment => ({
  principal: {
    principal_id: Number(identity.id),
    display_name: identity.displayName,
    [NAME_FIELDS[identity.type]]: identity.name,
  },
  permissions: [permission],
})
