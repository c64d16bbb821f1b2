/**
 * Files of a workspace, as bundles of the Databricks CLI use them. The CLI reads the status and the error code of an
 * answer: after 404 it creates directories, and 409 means that somebody else holds the lock of a bundle.
 */
import type {
  ExportWorkspaceObjectResponse,
  ListWorkspaceObjectsResponse,
  WorkspaceObjectInfo,
} from '@lakegate/client'
import { z } from 'zod'
import { LARGEST_FILE } from '../../domain/workspace-files.ts'
import {
  deleteObject,
  exportFile,
  getObject,
  importFile,
  listDirectory,
  makeDirectory,
  type ShownObject,
  type WorkspaceFilePorts,
} from '../../operations/workspaces/manage-workspace-files.ts'
import { refused } from '../../operations/refused-error.ts'
import { defineRoute } from '../define-route.ts'
import type { Route, Transfer } from '../route.ts'
import { anyQuery, noBody } from '../shapes.ts'

const WORKSPACE = '/api/2.0/workspace'
const FILES = '/api/2.0/workspace-files'

const flag = z
  .enum(['true', 'false'])
  .transform((text) => text === 'true')
  .optional()
const noParams = z.object({})
const pathQuery = z.looseObject({ path: z.string() })
const exportQuery = z.looseObject({
  path: z.string(),
  format: z.enum(['AUTO', 'SOURCE', 'RAW'], 'must be AUTO, SOURCE or RAW: there are files only.').optional(),
  direct_download: flag,
})
/** The rest after the last slash; the Databricks CLI sends it as one name with percent-encoded slashes. */
const restOfPath = z.object({ '*': z.string() })
const absolute = (rest: string): string => `/${rest}`

const importBody = z.strictObject({
  path: z.string(),
  content: z.string().optional(),
  format: z.enum(['AUTO', 'RAW'], 'must be AUTO or RAW: there are no notebooks, files only.').optional(),
  overwrite: z.boolean().optional(),
  language: z.string().optional(),
})

/** In base64, with some room for the JSON around it. */
const LARGEST_IMPORT = Math.ceil(LARGEST_FILE / 3) * 4 + 64 * 1024
const INTO_BYTES: Transfer = { body: 'bytes', largestBody: LARGEST_FILE, largestAnswer: 0 }
const INTO_JSON: Transfer = { body: 'json', largestBody: LARGEST_IMPORT, largestAnswer: 0 }
const ORDINARY_BODY = 1024 * 1024
const OUT: Transfer = { body: 'json', largestBody: ORDINARY_BODY, largestAnswer: LARGEST_FILE }
/** Enough for most listings; only a home full of files with long names in one directory needs more. */
const LISTING: Transfer = { body: 'json', largestBody: ORDINARY_BODY, largestAnswer: 4 * 1024 * 1024 }

export function workspaceFileRoutes(ports: WorkspaceFilePorts): readonly Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: `${WORKSPACE}/get-status`,
      scopes: [],
      params: noParams,
      query: pathQuery,
      body: noBody,
      handle: async ({ query, caller }) => ({ body: show(await getObject(ports, caller, query.path)) }),
    }),
    defineRoute({
      method: 'GET',
      path: `${WORKSPACE}/list`,
      scopes: [],
      transfer: LISTING,
      params: noParams,
      query: pathQuery,
      body: noBody,
      async handle({ query, caller }) {
        const objects = (await listDirectory(ports, caller, query.path)).map(show)
        return { body: (objects.length === 0 ? {} : { objects }) satisfies ListWorkspaceObjectsResponse }
      },
    }),
    defineRoute({
      method: 'POST',
      path: `${WORKSPACE}/mkdirs`,
      scopes: [],
      params: noParams,
      query: anyQuery,
      body: z.strictObject({ path: z.string() }),
      async handle({ body, caller }) {
        await makeDirectory(ports, caller, body.path)
        return { body: {} }
      },
    }),
    defineRoute({
      method: 'POST',
      path: `${WORKSPACE}/delete`,
      scopes: [],
      params: noParams,
      query: anyQuery,
      body: z.strictObject({ path: z.string(), recursive: z.boolean().optional() }),
      async handle({ body, caller }) {
        await deleteObject(ports, caller, { path: body.path, recursive: body.recursive ?? false })
        return { body: {} }
      },
    }),
    defineRoute({
      method: 'POST',
      path: `${WORKSPACE}/import`,
      scopes: [],
      transfer: INTO_JSON,
      params: noParams,
      query: anyQuery,
      body: importBody,
      async handle({ body, caller }) {
        // The default of the real service would make a notebook of it.
        if (body.format === undefined) throw missingFormat()
        await importFile(ports, caller, {
          path: body.path,
          contents: decodeBase64(body.content ?? ''),
          overwrite: body.overwrite ?? false,
        })
        return { body: {} }
      },
    }),
    defineRoute({
      method: 'GET',
      path: `${WORKSPACE}/export`,
      scopes: [],
      transfer: OUT,
      params: noParams,
      query: exportQuery,
      body: noBody,
      async handle({ query, caller }) {
        const contents = await exportFile(ports, caller, query.path)
        if (query.direct_download === true) return { body: contents }
        const content = Buffer.from(contents).toString('base64')
        return { body: { content } satisfies ExportWorkspaceObjectResponse }
      },
    }),
    defineRoute({
      method: 'POST',
      path: `${FILES}/import-file/*`,
      scopes: [],
      transfer: INTO_BYTES,
      params: restOfPath,
      query: z.looseObject({ overwrite: flag }),
      // An absent body means an empty file.
      body: z.instanceof(Uint8Array).optional(),
      async handle({ params, query, body, caller }) {
        await importFile(ports, caller, {
          path: absolute(params['*']),
          contents: body ?? new Uint8Array(),
          overwrite: query.overwrite ?? false,
        })
        return { body: {} }
      },
    }),
    defineRoute({
      method: 'GET',
      path: `${FILES}/*`,
      scopes: [],
      transfer: OUT,
      params: restOfPath,
      query: anyQuery,
      body: noBody,
      handle: async ({ params, caller }) => ({
        body: await exportFile(ports, caller, absolute(params['*'])),
      }),
    }),
  ]
}

const show = ({ id, type, path, file }: ShownObject): WorkspaceObjectInfo => ({
  object_type: type,
  path,
  object_id: Number(id),
  resource_id: id,
  ...(file === undefined
    ? {}
    : { size: file.size, created_at: file.createdAt.getTime(), modified_at: file.modifiedAt.getTime() }),
})

/** Node.js skips characters that are not base64; the result then has fewer bytes than the text encodes. */
function decodeBase64(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64')
  const padding = /={0,2}$/.exec(text)?.[0].length ?? 0
  if (bytes.length === Math.floor(((text.length - padding) * 3) / 4)) return bytes
  throw refused('invalid_parameter', { field: 'content', problem: 'it is not base64.' })
}

const missingFormat = () =>
  refused('invalid_parameter', {
    field: 'format',
    problem: 'it is missing, which means a notebook; send AUTO or RAW: there are files only.',
  })
