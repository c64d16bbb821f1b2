/** A typed fetch for the REST contract: base URL, bearer token, errors as `LakegateApiError`. */
import type { ErrorBody } from './contract/errors.ts'

export class LakegateApiError extends Error {
  readonly status: number
  readonly errorCode: string

  constructor(status: number, body: Pick<ErrorBody, 'error_code' | 'message'>) {
    super(body.message)
    this.name = 'LakegateApiError'
    this.status = status
    this.errorCode = body.error_code
  }
}

export interface LakegateHttp {
  request<Answer>(
    method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE',
    path: string,
    body?: unknown,
  ): Promise<Answer>
}

/**
 * @param baseUrl e.g. `http://127.0.0.1:8470`
 * @param token called at every request, so that it may return a renewed token
 * @throws LakegateApiError when the server answers with an error, TypeError when it cannot be reached
 */
export function createLakegateHttp(baseUrl: string, token: () => string | Promise<string>): LakegateHttp {
  return {
    async request<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
      const response = await fetch(new URL(path, baseUrl), {
        method,
        headers: {
          accept: 'application/json',
          authorization: `Bearer ${await token()}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await response.text()
      if (!response.ok) throw new LakegateApiError(response.status, parseErrorBody(text, response))
      return (text === '' ? {} : JSON.parse(text)) as Answer
    },
  }
}

function parseErrorBody(text: string, response: Response): Pick<ErrorBody, 'error_code' | 'message'> {
  try {
    const body: unknown = JSON.parse(text)
    if (typeof body === 'object' && body !== null && 'error_code' in body && 'message' in body) {
      return { error_code: String(body.error_code), message: String(body.message) }
    }
  } catch {
    // Not JSON: the answer came from a proxy; only its status line is usable.
  }
  return { error_code: `HTTP_${String(response.status)}`, message: response.statusText }
}
