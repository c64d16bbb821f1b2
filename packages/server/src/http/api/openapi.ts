/**
 * `/openapi.json`: the OpenAPI document of the REST API, for anybody who generates a client from it. It is a file of the
 * package, rendered from the contract by `npm run docs`; only the addresses are those of the host that is asked.
 */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Workspace } from '../../domain/workspace.ts'
import type { PublicRoute } from '../route.ts'

/** The part of the document that contains addresses. */
interface OpenApiDocument {
  readonly components: {
    readonly securitySchemes: {
      readonly oauth2: { readonly flows: Readonly<Record<string, Readonly<Record<string, unknown>>>> }
    }
  }
}

interface ServedDocument {
  readonly body: unknown
  readonly etag: string
}

export function openApiRoutes(facts: {
  /** The rendered file. */
  readonly file: URL
  readonly publicUrlOf: (workspace: Workspace) => string
}): readonly PublicRoute[] {
  let read: Promise<OpenApiDocument> | undefined
  const documents = new Map<string, ServedDocument>()
  const documentAt = async (publicUrl: string): Promise<ServedDocument> => {
    const known = documents.get(publicUrl)
    if (known !== undefined) return known
    const document = await (read ??= readFile(facts.file, 'utf8').then(
      (text) => JSON.parse(text) as OpenApiDocument,
    ))
    const body = placeAt(document, publicUrl)
    const etag = `"${createHash('sha256').update(JSON.stringify(body)).digest('base64url').slice(0, 27)}"`
    const served = { body, etag }
    documents.set(publicUrl, served)
    return served
  }
  return [
    {
      method: 'GET',
      path: '/openapi.json',
      async answer(workspace, _query, { ifNoneMatch = '' }) {
        const { body, etag } = await documentAt(facts.publicUrlOf(workspace))
        const headers = { etag, 'cache-control': 'no-cache' }
        // RFC 9110 §13.1.2: a list, compared weakly.
        const known = ifNoneMatch.split(',').map((one) => one.trim().replace(/^W\//, ''))
        if (known.includes(etag) || known.includes('*')) return { status: 304, headers, body: undefined }
        return { headers, body }
      },
    },
  ]
}

/** With the addresses of one host; URLs of OAuth are relative in the file. */
function placeAt(document: OpenApiDocument, publicUrl: string): unknown {
  const { securitySchemes } = document.components
  const flows = Object.entries(securitySchemes.oauth2.flows).map(([flow, members]) => [
    flow,
    Object.fromEntries(
      Object.entries(members).map(([name, value]) => [
        name,
        name.endsWith('Url') ? `${publicUrl}${String(value)}` : value,
      ]),
    ),
  ])
  return {
    ...document,
    servers: [{ url: publicUrl }],
    components: {
      ...document.components,
      securitySchemes: {
        ...securitySchemes,
        oauth2: { ...securitySchemes.oauth2, flows: Object.fromEntries(flows) as unknown },
      },
    },
  }
}
