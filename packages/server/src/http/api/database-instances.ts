/** `/api/2.0/database/instances`: create, read, list, change and delete database instances (wire-contract §1). */
import type { ListDatabaseInstancesResponse } from '@lakegate/client'
import { z } from 'zod'
import {
  changeAttachedCluster,
  type ChangeAttachedClusterPorts,
} from '../../operations/instances/change-attached-cluster.ts'
import {
  createDatabaseInstance,
  type CreateDatabaseInstancePorts,
} from '../../operations/instances/create-database-instance.ts'
import {
  deleteDatabaseInstance,
  type DeleteDatabaseInstancePorts,
} from '../../operations/instances/delete-database-instance.ts'
import { findDatabaseInstanceByUid } from '../../operations/instances/find-database-instance-by-uid.ts'
import { getDatabaseInstance } from '../../operations/instances/get-database-instance.ts'
import { listDatabaseInstances } from '../../operations/instances/list-database-instances.ts'
import type { InstanceStore } from '../../operations/ports/instances.ts'
import { refused } from '../../operations/refused-error.ts'
import {
  updateDatabaseInstance,
  type UpdateDatabaseInstancePorts,
} from '../../operations/instances/update-database-instance.ts'
import { defineRoute } from '../define-route.ts'
import type { Route } from '../route.ts'
import { anyQuery, noBody, nothing } from '../shapes.ts'
import { attachedAnswer, attachmentToChange, attachmentToCreate } from './attached-cluster-request.ts'
import { databaseInstanceAnswer } from './database-instance-answer.ts'
import {
  attachedToChange,
  instanceBody,
  settingsToChange,
  settingsToCreate,
} from './database-instance-request.ts'

export type DatabaseInstancePorts = CreateDatabaseInstancePorts &
  UpdateDatabaseInstancePorts &
  DeleteDatabaseInstancePorts &
  ChangeAttachedClusterPorts & {
    readonly store: Pick<InstanceStore, 'loadInstance' | 'listPage'>
    /** The certificate for `ssl_ca_file` of attached clusters. */
    readonly clientCaPem: () => string
  }

const COLLECTION = '/api/2.0/database/instances'
const ONE = `${COLLECTION}/:name`
const SCOPES = ['postgres']

const named = z.object({ name: z.string() })
/** Booleans and numbers in a query are text. */
const queryBoolean = z
  .enum(['true', 'false'], 'must be true or false.')
  .transform((text) => text === 'true')
  .optional()
const queryNumber = z
  .string()
  .regex(/^\d{1,9}$/, 'must be a whole number, 0 or greater.')
  .transform(Number)
  .optional()

export function databaseInstanceRoutes(ports: DatabaseInstancePorts): readonly Route[] {
  const show: typeof databaseInstanceAnswer = (instance, options) => ({
    ...databaseInstanceAnswer(instance, options),
    ...attachedAnswer(instance, ports.clientCaPem()),
  })
  return [
    defineRoute({
      method: 'POST',
      path: COLLECTION,
      scopes: SCOPES,
      params: nothing,
      query: anyQuery,
      body: instanceBody,
      async handle({ body, caller }) {
        if (body.name === undefined) {
          throw refused('invalid_parameter', { field: 'name', problem: 'is missing.' })
        }
        const created = await createDatabaseInstance(ports, caller, {
          name: body.name,
          settings: settingsToCreate(body),
          attached: body.attached === undefined ? undefined : attachmentToCreate(body.attached),
        })
        return { body: show(created, { echoTags: true }) }
      },
    }),
    defineRoute({
      method: 'GET',
      path: COLLECTION,
      scopes: SCOPES,
      params: nothing,
      query: z.looseObject({ page_size: queryNumber, page_token: z.string().optional() }),
      body: noBody,
      async handle({ query: { page_size: pageSize, page_token: pageToken }, caller }) {
        const page = await listDatabaseInstances(ports, caller, { pageSize, pageToken })
        const answer: ListDatabaseInstancesResponse = {
          database_instances: page.instances.map((instance) => show(instance)),
          ...(page.nextPageToken === undefined ? {} : { next_page_token: page.nextPageToken }),
        }
        return { body: answer }
      },
    }),
    defineRoute({
      method: 'GET',
      path: `${COLLECTION}::findByUid`,
      scopes: SCOPES,
      params: nothing,
      query: z.looseObject({ uid: z.string('is missing.') }),
      body: noBody,
      async handle({ query: { uid }, caller }) {
        return { body: show(await findDatabaseInstanceByUid(ports, caller, { uid })) }
      },
    }),
    defineRoute({
      method: 'GET',
      path: ONE,
      scopes: SCOPES,
      params: named,
      query: anyQuery,
      body: noBody,
      async handle({ params: { name }, caller }) {
        return { body: show(await getDatabaseInstance(ports, caller, { name })) }
      },
    }),
    defineRoute({
      method: 'PATCH',
      path: ONE,
      scopes: SCOPES,
      params: named,
      query: z.looseObject({ update_mask: z.string().optional() }),
      body: instanceBody,
      async handle({ params: { name }, query: { update_mask: mask }, body, caller }) {
        const change = settingsToChange(body, mask, name)
        const attached = attachedToChange(body, mask)
        if (attached !== undefined) {
          const { cluster, password } = attachmentToChange(attached)
          await changeAttachedCluster(ports, caller, { name, change: cluster, password })
        }
        const updated = await updateDatabaseInstance(ports, caller, { name, change })
        return { body: show(updated, { echoTags: true }) }
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: ONE,
      scopes: SCOPES,
      params: named,
      // `force` concerns descendant instances, which do not exist here. `remove_objects` is Lakegate's own, for
      // attached instances.
      query: z.looseObject({ purge: queryBoolean, force: queryBoolean, remove_objects: queryBoolean }),
      body: noBody,
      async handle({ params: { name }, query: { purge, remove_objects: removesObjects = false }, caller }) {
        await deleteDatabaseInstance(ports, caller, { name, purge, removesObjects })
        return { body: {} }
      },
    }),
  ]
}
