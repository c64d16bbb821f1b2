/** All refusals of the server, for help pages: an addition to the real service's API. The same for every caller. */
import type { RefusalExplanation, RefusalsAnswer } from '@lakegate/client'
import { z } from 'zod'
import type { RefusalDefinition } from '../../policy/refusal-definition.ts'
import { REFUSALS } from '../../policy/refusal-table.ts'
import { defineRoute } from '../define-route.ts'
import type { Route } from '../route.ts'
import { anyQuery, noBody } from '../shapes.ts'

const ANSWER: RefusalsAnswer = { refusals: Object.entries(REFUSALS).map(([name, one]) => show(name, one)) }

export function refusalRoutes(): readonly Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/2.0/lakegate/refusals',
      scopes: ['postgres'],
      params: z.object({}),
      query: anyQuery,
      body: noBody,
      handle: () => Promise.resolve({ body: ANSWER }),
    }),
  ]
}

function show(name: string, { postgres, http, explained }: RefusalDefinition): RefusalExplanation {
  return {
    name,
    ...postgres,
    ...(http === undefined
      ? {}
      : { http_status: http.status, error_code: http.errorCode, http_message: http.message }),
    ...(explained === undefined
      ? {}
      : {
          meaning: explained.meaning,
          who_can_change: explained.whoCanChange,
          steps: [...explained.steps],
        }),
  }
}
