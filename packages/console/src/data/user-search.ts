/** Users of the workspace by a part of their name, for the palette. */
import type { ScimUser } from '@lakegate/client'
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { get } from './api.ts'

const MOST = 8

/** @param text as typed */
export const userSearchQuery = (text: string) =>
  queryOptions({
    queryKey: ['identities', 'palette', text],
    queryFn: async ({ signal }) => {
      const quoted = JSON.stringify(text)
      const answer = await get<{ Resources?: readonly ScimUser[] }>(
        '/2.0/preview/scim/v2/Users',
        {
          filter: `userName co ${quoted} or displayName co ${quoted}`,
          attributes: 'id,userName,displayName',
          count: MOST,
        },
        signal,
      )
      return answer.Resources ?? []
    },
    placeholderData: keepPreviousData,
  })
