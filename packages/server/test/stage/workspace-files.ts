/** The files of a workspace over REST, with bytes as they are. */
import type { WorkspaceObjectInfo } from '@lakegate/client'
import type { Lakegate } from './lakegate.ts'

export interface RawAnswer {
  readonly status: number
  readonly errorCode: string | undefined
  readonly message: string | undefined
  readonly headers: Headers
  readonly bytes: Uint8Array
}

type Plain = Uint8Array<ArrayBuffer> | string | undefined

export interface WorkspaceFiles {
  /** @param url as it is sent, percent-encoding included */
  send(method: string, url: string, body?: Plain | object): Promise<RawAnswer>
  /** As the Databricks CLI writes a file: one name behind the last slash, its own slashes percent-encoded. */
  importFile(
    path: string,
    contents: Uint8Array<ArrayBuffer> | string,
    overwrite?: boolean,
  ): Promise<RawAnswer>
  mkdirs(path: string): Promise<RawAnswer>
  getStatus(path: string): Promise<RawAnswer>
  list(path: string): Promise<RawAnswer>
  exportFile(path: string): Promise<RawAnswer>
  delete(path: string, recursive?: boolean): Promise<RawAnswer>
}

export function workspaceFiles({ ready }: Lakegate, token: string | (() => Promise<string>)): WorkspaceFiles {
  const send: WorkspaceFiles['send'] = async (method, url, body) => {
    const response = await fetch(`${ready.http_url}${url}`, {
      method,
      headers: {
        authorization: `Bearer ${typeof token === 'string' ? token : await token()}`,
        ...(isPlain(body) ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: isPlain(body) ? body : JSON.stringify(body) }),
    })
    const bytes = new Uint8Array(await response.arrayBuffer())
    const error = response.ok ? undefined : (jsonOf({ bytes }) as { error_code: string; message: string })
    return {
      status: response.status,
      errorCode: error?.error_code,
      message: error?.message,
      headers: response.headers,
      bytes,
    }
  }
  const query = (path: string) => `path=${encodeURIComponent(path)}`
  const API = '/api/2.0/workspace'
  return {
    send,
    importFile: (path, contents, overwrite = false) =>
      send(
        'POST',
        `/api/2.0/workspace-files/import-file/${encodeURIComponent(path.slice(1))}?overwrite=${String(overwrite)}`,
        contents,
      ),
    mkdirs: (path) => send('POST', `${API}/mkdirs`, { path }),
    getStatus: (path) => send('GET', `${API}/get-status?${query(path)}`),
    list: (path) => send('GET', `${API}/list?${query(path)}`),
    exportFile: (path) => send('GET', `${API}/export?direct_download=true&${query(path)}`),
    delete: (path, recursive = false) => send('POST', `${API}/delete`, { path, recursive }),
  }
}

const isPlain = (body: Plain | object): body is Plain =>
  typeof body !== 'object' || body instanceof Uint8Array

export const textOf = ({ bytes }: Pick<RawAnswer, 'bytes'>): string => new TextDecoder().decode(bytes)
export const jsonOf = (answer: Pick<RawAnswer, 'bytes'>): unknown => JSON.parse(textOf(answer))
export const pathsOf = (answer: RawAnswer): readonly string[] =>
  ((jsonOf(answer) as { objects?: WorkspaceObjectInfo[] }).objects ?? []).map(({ path }) => path)
