/** Names of the databases of an instance, to choose one from: an addition to the real service's API. */
import type { InstanceDatabasesAnswer } from '@lakegate/client'
import { z } from 'zod'
import {
  listInstanceDatabases,
  type InstanceDatabasePorts,
} from '../../operations/instances/list-instance-databases.ts'
import { defineRoute } from '../define-route.ts'
import type { Route } from '../route.ts'
import { anyQuery, noBody } from '../shapes.ts'

export function instanceDatabaseRoutes(ports: InstanceDatabasePorts): readonly Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/2.0/lakegate/instances/:instance/databases',
      scopes: ['postgres'],
      params: z.object({ instance: z.string() }),
      query: anyQuery,
      body: noBody,
      async handle({ params, caller }) {
        const { names, hasMore } = await listInstanceDatabases(ports, caller, params)
        const body: InstanceDatabasesAnswer = {
          databases: names.map((name) => ({ name })),
          ...(hasMore ? { has_more: true } : {}),
        }
        return { body }
      },
    }),
  ]
}
