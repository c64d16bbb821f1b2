/** A network of answers that a test writes down, and what was asked. */

export interface Asked {
  readonly method: string
  readonly url: string
  readonly headers: Headers
  readonly body: string | undefined
}

type Answer = Response | Error | ((asked: Asked) => Response | Promise<Response>)

/** @param answers in order; the last one answers everything after it as well */
export function playFetch(...answers: Answer[]): {
  readonly fetch: typeof fetch
  readonly asked: readonly Asked[]
} {
  const asked: Asked[] = []
  return {
    asked,
    fetch: async (input, init) => {
      const one = {
        method: init?.method ?? 'GET',
        url: input instanceof URL ? input.href : input instanceof Request ? input.url : input,
        headers: new Headers(init?.headers),
        body: typeof init?.body === 'string' ? init.body : undefined,
      }
      asked.push(one)
      const answer = answers.length > 1 ? answers.shift() : answers[0]
      if (answer === undefined) throw new Error('nothing is asked here')
      if (answer instanceof Error) throw answer
      return answer instanceof Response ? answer.clone() : answer(one)
    },
  }
}

/** Answers by path, as a server does. */
export function playServer(routes: Readonly<Record<string, (asked: Asked) => Response | Promise<Response>>>) {
  return playFetch((asked) => {
    const { pathname } = new URL(asked.url)
    return (
      routes[pathname]?.(asked) ?? json(404, { error_code: 'ENDPOINT_NOT_FOUND', message: `no ${pathname}` })
    )
  })
}

export const json = (
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Response =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } })
