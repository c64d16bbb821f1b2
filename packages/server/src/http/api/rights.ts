/** What the caller may do, for clients that show or hide buttons: additions to the real service's API. */
import type { InstanceRightsAnswer, WorkspaceRightsAnswer } from '@lakegate/client'
import { z } from 'zod'
import {
  tellInstanceRights,
  tellWorkspaceRights,
  type TellRightsPorts,
} from '../../operations/workspaces/tell-rights.ts'
import { defineRoute } from '../define-route.ts'
import type { Route } from '../route.ts'
import { anyQuery, noBody } from '../shapes.ts'

export function rightsRoutes(ports: TellRightsPorts): readonly Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/2.0/lakegate/instances/:instance/rights',
      scopes: ['postgres'],
      params: z.object({ instance: z.string() }),
      query: anyQuery,
      body: noBody,
      async handle({ params, caller }) {
        const { instance, level, isOwner, rights } = await tellInstanceRights(ports, caller, params)
        const body: InstanceRightsAnswer = {
          database_instance_name: instance.name,
          level,
          is_owner: isOwner,
          owner: instance.creatorName,
          actions: [...rights],
        }
        return { body }
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/api/2.0/lakegate/rights',
      scopes: ['postgres'],
      params: z.object({}),
      query: anyQuery,
      body: noBody,
      async handle({ caller }) {
        const { rights, instances } = await tellWorkspaceRights(ports, caller)
        const body: WorkspaceRightsAnswer = { actions: [...rights], instances }
        return { body }
      },
    }),
  ]
}
